"""What starts Kinoshelf on a bare machine: bootstrap, launcher, embedded servers, the sandbox of Kinopoisk, a demo."""
