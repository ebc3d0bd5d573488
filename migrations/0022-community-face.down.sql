ALTER TABLE communities
  DROP COLUMN description,
  DROP COLUMN town,
  DROP COLUMN welcome,
  DROP COLUMN links,
  DROP COLUMN listed;
