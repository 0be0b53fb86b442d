CREATE TABLE page (id integer PRIMARY KEY, title text NOT NULL);
