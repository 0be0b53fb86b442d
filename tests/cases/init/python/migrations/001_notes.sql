CREATE TABLE IF NOT EXISTS notes (id integer PRIMARY KEY, title text NOT NULL);
