"""The API of the shark-fin information system: pictures go to the object store, facts to MySQL."""
