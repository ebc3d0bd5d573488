-- What a community says of itself: on its public page, and where people sign in.
ALTER TABLE communities
  ADD COLUMN description text,
  ADD COLUMN town text,
  ADD COLUMN welcome text,
  ADD COLUMN links jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN listed boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT ck_communities_description CHECK (length(description) <= 1000),
  ADD CONSTRAINT ck_communities_town CHECK (length(town) <= 100),
  ADD CONSTRAINT ck_communities_welcome CHECK (length(welcome) <= 500),
  ADD CONSTRAINT ck_communities_links CHECK (jsonb_typeof(links) = 'array' AND jsonb_array_length(links) <= 10);
-- Until now the hub's first page named them all.
UPDATE communities SET listed = true;
