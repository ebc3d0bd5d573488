DROP INDEX ix_done_steps_community;
DROP INDEX ix_done_steps_browser;
DELETE FROM done_steps WHERE community_id IS NULL;
ALTER TABLE done_steps DROP CONSTRAINT pk_done_steps;
ALTER TABLE done_steps ADD CONSTRAINT pk_done_steps PRIMARY KEY (community_id, key);
CREATE INDEX ix_done_steps_browser ON done_steps (community_id, browser_hash, done_at);
