//! Net of everything: go or no-go with one reason.
