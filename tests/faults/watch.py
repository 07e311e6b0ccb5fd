"""What must never be taken back: details, when they were fetched, the number of a claim.

A trigger writes down every change that should not have been. For a database that ends with the test, and whose rows
nobody shifts in time.
"""

TAKEN_BACK = "SELECT kinopoisk_id, what FROM taken_back LIMIT 10"
WATCH = """
    CREATE TABLE IF NOT EXISTS taken_back (kinopoisk_id integer, what text);
    CREATE OR REPLACE FUNCTION note_what_is_taken_back() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.fetched_at < OLD.fetched_at OR (OLD.fetched_at IS NOT NULL AND NEW.fetched_at IS NULL) THEN
            INSERT INTO taken_back VALUES (NEW.kinopoisk_id, 'fetched_at');
        END IF;
        IF NEW.claim_seq < OLD.claim_seq THEN
            INSERT INTO taken_back VALUES (NEW.kinopoisk_id, 'claim_seq');
        END IF;
        IF OLD.status = 'ready' AND NEW.status <> 'ready' THEN
            INSERT INTO taken_back VALUES (NEW.kinopoisk_id, 'ready');
        END IF;
        RETURN NEW;
    END $$;
    CREATE OR REPLACE TRIGGER taken_back BEFORE UPDATE ON film_sync
        FOR EACH ROW EXECUTE FUNCTION note_what_is_taken_back();
"""
