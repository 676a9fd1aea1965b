"""The sections of the View, made from what kernel and engine know: a module per panel, and one for what is opened up."""
