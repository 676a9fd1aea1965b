//! Layouts of the accounts that make up a pool: bytes to fields, wrong owner or size is an error.
