DROP INDEX ix_memberships_created_at;
DROP INDEX ix_memberships_search;
ALTER TABLE memberships DROP COLUMN search_key;
