"""The parts of a data seed's transaction that look into the catalogue: foreign keys, triggers, sequences.

All work on the table named by the setting `devenv.table`. Conditions of ours have SQLSTATEs `DV00n`.
"""

from __future__ import annotations

ORPHAN = "DV001"
"""A row without the one it refers to: MESSAGE tells which, CONSTRAINT the foreign key, DETAIL the row."""
REFERRED = "DV002"
"""Rows of others refer to the table, and this user may not suspend foreign keys."""

MAY_REPLACE = f"""\
DO $devenv$
DECLARE
  t regclass := current_setting('devenv.table')::regclass;
  f record;
  there boolean;
BEGIN
  BEGIN
    SET LOCAL session_replication_role = replica;
  EXCEPTION WHEN insufficient_privilege THEN
    FOR f IN SELECT conname, conrelid::regclass AS child FROM pg_catalog.pg_constraint
      WHERE contype = 'f' AND confrelid = t AND conrelid <> t AND conparentid = 0
    LOOP
      EXECUTE format('SELECT EXISTS (SELECT FROM %s)', f.child) INTO there;
      IF there THEN
        RAISE EXCEPTION USING ERRCODE = '{REFERRED}', CONSTRAINT = f.conname,
          MESSAGE = format('the rows of %s cannot be replaced: %s refers to them (%I), and user %I may not suspend '
            'foreign keys', t, f.child, f.conname, current_user);
      END IF;
    END LOOP;
  END;
END $devenv$;
"""
"""Suspend foreign keys and triggers for the DELETE that follows."""

SUSPEND = """\
DO $devenv$ BEGIN
  SET LOCAL session_replication_role = replica;
EXCEPTION WHEN insufficient_privilege THEN NULL;
END $devenv$;
"""
"""Suspend foreign keys and triggers where this user may."""

QUIETLY = f"""\
SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_trigger
    WHERE tgrelid = :devenv_oid AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 4 <> 0)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint
    WHERE conrelid = :devenv_oid AND contype IN ('p', 'u', 'x') AND condeferrable) AS devenv_quiet \\gset
\\if :devenv_quiet
{SUSPEND}\\else
DO $devenv$ BEGIN
  IF current_setting('session_replication_role') <> 'origin' THEN
    SET LOCAL session_replication_role = origin;
  END IF;
END $devenv$;
\\endif
"""
"""Suspend foreign keys for the rows that come, unless the table has triggers that must see them: those, and what they
write elsewhere, are worth more than speed."""

FOREIGN_KEYS = f"""\
DO $devenv$
DECLARE
  t regclass := current_setting('devenv.table')::regclass;
  f record;
  k record;
  bad text;
  bad_row text;
BEGIN
  IF current_setting('session_replication_role') <> 'origin' THEN
    SET LOCAL session_replication_role = origin;
  END IF;
  FOR f IN SELECT oid, conname, conrelid::regclass AS child, confrelid::regclass AS parent, confmatchtype
    FROM pg_catalog.pg_constraint
    WHERE contype = 'f' AND (conrelid = t OR confrelid = t) AND conparentid = 0 AND convalidated
  LOOP
    SELECT string_agg(format('devenv_p.%I OPERATOR(%I.%s) devenv_c.%I', pa.attname, n.nspname, o.oprname, ca.attname),
        ' AND ') AS same,
      string_agg(format('devenv_c.%I IS NOT NULL', ca.attname),
        CASE f.confmatchtype WHEN 'f' THEN ' OR ' ELSE ' AND ' END) AS given,
      string_agg(format('%I', ca.attname), ', ' ORDER BY u.i) AS child_columns,
      string_agg(format('%I', pa.attname), ', ' ORDER BY u.i) AS parent_columns,
      string_agg(format('devenv_c.%I', ca.attname), ', ' ORDER BY u.i) AS child_values
    INTO k
    FROM pg_catalog.pg_constraint AS x
      CROSS JOIN LATERAL unnest(x.conkey, x.confkey, x.conpfeqop) WITH ORDINALITY AS u (child, parent, op, i)
      JOIN pg_catalog.pg_attribute AS ca ON ca.attrelid = x.conrelid AND ca.attnum = u.child
      JOIN pg_catalog.pg_attribute AS pa ON pa.attrelid = x.confrelid AND pa.attnum = u.parent
      JOIN pg_catalog.pg_operator AS o ON o.oid = u.op
      JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace
    WHERE x.oid = f.oid;
    EXECUTE format('SELECT concat_ws('', '', %s), left(devenv_c::text, 200) FROM %s AS devenv_c WHERE (%s) '
      'AND NOT EXISTS (SELECT FROM %s AS devenv_p WHERE %s) LIMIT 1',
      k.child_values, f.child, k.given, f.parent, k.same) INTO bad, bad_row;
    IF bad_row IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = '{ORPHAN}', CONSTRAINT = f.conname, DETAIL = 'row ' || bad_row,
        MESSAGE = format('%s (%s) = (%s) has no row in %s (%s), foreign key %I', f.child, k.child_columns, bad,
          f.parent, k.parent_columns, f.conname);
    END IF;
  END LOOP;
END $devenv$;
"""
"""Every foreign key from the table and to it holds, whoever suspended it."""

SEQUENCES = """\
DO $devenv$
DECLARE
  t regclass := current_setting('devenv.table')::regclass;
  s record;
  high numeric;
  given numeric;
BEGIN
  FOR s IN
    SELECT DISTINCT a.attname, q.seqrelid::regclass AS sequence, q.seqmax FROM pg_catalog.pg_attribute AS a
      JOIN (SELECT objid AS seq, refobjsubid AS col FROM pg_catalog.pg_depend
          WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND refobjid = t
            AND deptype IN ('a', 'i')
        UNION SELECT d.refobjid, e.adnum FROM pg_catalog.pg_depend AS d
          JOIN pg_catalog.pg_attrdef AS e ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid
          WHERE e.adrelid = t AND d.refclassid = 'pg_class'::regclass) AS u ON u.col = a.attnum
      JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = u.seq AND q.seqincrement > 0
      WHERE a.attrelid = t AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)
  LOOP
    EXECUTE format('SELECT max(%I) FROM %s', s.attname, t) INTO high;
    EXECUTE format('SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM %s', s.sequence) INTO given;
    IF high > given THEN
      PERFORM setval(s.sequence, least(floor(high), s.seqmax)::bigint);
    END IF;
  END LOOP;
END $devenv$;
"""
"""Rows brought their own numbers: the next one that the application makes takes a number after them."""
