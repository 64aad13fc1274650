//! Put pictures into a shop's window, where everybody who is logged in may fetch them.

use super::queries;
use crate::{
    error::{Result, refused_argument},
    id::{FileId, UserId},
    store::Tx,
};

/// Shows these pictures in the window of the unit of work's shop, for good: cards that were sent go on showing them. Refuses with
/// `invalid_argument`, naming the field, what is neither a picture that `by` uploaded nor one that hangs there already.
pub async fn exhibit(tx: &mut Tx, by: UserId, field: &str, pictures: &[FileId]) -> Result<()> {
    if pictures.is_empty() || queries::exhibit(tx, by, pictures).await? {
        return Ok(());
    }
    Err(refused_argument(
        field,
        "names a file that is not a picture of your own",
    ))
}
