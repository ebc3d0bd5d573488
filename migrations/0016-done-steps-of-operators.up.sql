-- The operators' console belongs to no community, and its forms are sent twice as well. A key is a hash of a
-- browser's own cookie and of the step at its address: there are no two, in whichever community.
ALTER TABLE done_steps DROP CONSTRAINT pk_done_steps;
ALTER TABLE done_steps ADD CONSTRAINT pk_done_steps PRIMARY KEY (key);
ALTER TABLE done_steps ALTER COLUMN community_id DROP NOT NULL;
DROP INDEX ix_done_steps_browser;
CREATE INDEX ix_done_steps_browser ON done_steps (browser_hash, done_at);
CREATE INDEX ix_done_steps_community ON done_steps (community_id);
