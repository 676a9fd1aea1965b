//! Swap maths, exact to the atom: constant product as each venue rounds it, and concentrated liquidity.
