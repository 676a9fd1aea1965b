//! The input that earns most: closed form as a start, exact integers to decide.
