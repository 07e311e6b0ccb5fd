-- Once, when the volume is new: a role that owns the schema and migrates it, and one for the service that only uses it.
\getenv owner_password KINOSHELF_OWNER_PASSWORD
\getenv service_password KINOSHELF_SERVICE_PASSWORD
CREATE ROLE kinoshelf_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE kinoshelf LOGIN PASSWORD :'service_password';
REVOKE ALL ON DATABASE kinoshelf FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER DATABASE kinoshelf OWNER TO kinoshelf_owner;
ALTER SCHEMA public OWNER TO kinoshelf_owner;
-- TEMPORARY: the charts are made in one. MAINTAIN: the recommender's ANALYZE.
GRANT CONNECT, TEMPORARY ON DATABASE kinoshelf TO kinoshelf;
GRANT USAGE ON SCHEMA public TO kinoshelf;
ALTER DEFAULT PRIVILEGES FOR ROLE kinoshelf_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE, MAINTAIN ON TABLES TO kinoshelf;
ALTER DEFAULT PRIVILEGES FOR ROLE kinoshelf_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO kinoshelf;
