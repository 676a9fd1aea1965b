//! Bin arrays of a pair and its bitmap, as a swap walks over them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::chain::base58::{self, Pubkey};
use crate::chain::reader::LayoutError;
use crate::venues::bitmap::{near_arrays, set_bits};
use crate::venues::dlmm::layout::{
    BINS_PER_ARRAY, BITMAP_ARRAYS, Bin, BinArray, BinArrayBitmapExtension, LbPair,
};

const WIDTH: i32 = BINS_PER_ARRAY as i32;

/// Returns the index of the array that holds a bin.
pub fn array_index(bin_id: i32) -> i32 {
    bin_id.div_euclid(WIDTH)
}

/// Returns the arrays that the bitmaps of a pair say have liquidity, ascending.
pub fn liquid_arrays(pair: &LbPair, extension: Option<&BinArrayBitmapExtension>) -> Vec<i32> {
    let mut liquid: Vec<i32> = set_bits(&pair.bitmap)
        .map(|bit| bit - BITMAP_ARRAYS)
        .collect();
    if let Some(extension) = extension {
        liquid.extend(set_bits(&extension.positive).map(|bit| bit + BITMAP_ARRAYS));
        liquid.extend(set_bits(&extension.negative).map(|bit| -BITMAP_ARRAYS - 1 - bit));
        liquid.sort_unstable();
    }
    liquid
}

/// The loaded bin arrays of a pair, and which arrays its bitmaps say have liquidity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bins {
    /// Ascending.
    liquid: Arc<[i32]>,
    arrays: BTreeMap<i32, Arc<BinArray>>,
}

impl Bins {
    /// Takes the accounts of the pair at `address`.
    ///
    /// # Errors
    /// `LayoutError` for an account of another pair, or an array given twice.
    pub fn new(
        address: &Pubkey,
        pair: &LbPair,
        extension: Option<&BinArrayBitmapExtension>,
        arrays: impl IntoIterator<Item = Arc<BinArray>>,
    ) -> Result<Self, LayoutError> {
        if let Some(extension) = extension {
            check_owner("bin_array_bitmap_extension", &extension.lb_pair, address)?;
        }
        let mut known = BTreeMap::new();
        for array in arrays {
            check_owner("bin_array", &array.lb_pair, address)?;
            let index = array.index;
            if known.insert(index, array).is_some() {
                return Err(LayoutError::field("bin_array", "index", index));
            }
        }
        Ok(Self {
            liquid: liquid_arrays(pair, extension).into(),
            arrays: known,
        })
    }

    /// Returns the first array with liquidity from `index` on, itself included; `None` if there is none.
    pub fn next_array(&self, index: i32, x_to_y: bool) -> Option<i32> {
        near_arrays(&self.liquid, index, x_to_y).next()
    }

    /// Returns an array if it is loaded.
    pub fn array(&self, index: i32) -> Option<&BinArray> {
        self.arrays.get(&index).map(AsRef::as_ref)
    }

    /// Returns a bin if its array is loaded.
    pub fn bin(&self, bin_id: i32) -> Option<&Bin> {
        let array = self.array(array_index(bin_id))?;
        array.bins.get(bin_id.rem_euclid(WIDTH) as usize)
    }

    /// Returns the bins with those that a swap changed. Bins of arrays that aren't loaded are left out.
    #[must_use]
    pub fn after(&self, changed: impl IntoIterator<Item = (i32, Bin)>) -> Self {
        let mut after = self.clone();
        for (bin_id, new) in changed {
            if let Some(array) = after.arrays.get_mut(&array_index(bin_id))
                && let Some(bin) = Arc::make_mut(array)
                    .bins
                    .get_mut(bin_id.rem_euclid(WIDTH) as usize)
            {
                *bin = new;
            }
        }
        after
    }
}

fn check_owner(layout: &'static str, was: &Pubkey, address: &Pubkey) -> Result<(), LayoutError> {
    if was == address {
        return Ok(());
    }
    Err(LayoutError::field(layout, "lb_pair", base58::encode(was)))
}
