//! Data sets over the rows of CSV files.

use crate::dataset::{Dataset, Names};
use crate::element::Dtype;
use crate::error::Result;
use crate::handle::create;
use crate::text::{c_path, c_text};
use oarlock_sys as sys;
use std::path::Path;

/// What a column of a CSV file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CsvColumn {
    /// int64, float64 or texts: the first that all its fields are.
    Found,
    /// Texts: a list of them in a batch.
    Text,
    /// Numbers of this type: a tensor in a batch.
    Numbers(Dtype),
}

impl CsvColumn {
    fn code(self) -> i32 {
        match self {
            CsvColumn::Found => sys::OAR_CSV_FOUND,
            CsvColumn::Text => sys::OAR_CSV_TEXT,
            CsvColumn::Numbers(dtype) => dtype.code(),
        }
    }
}

impl Dataset {
    /// A data set over the rows of a CSV file in UTF-8, which must not change meanwhile: all columns of its header, each
    /// what its fields allow.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` with line and column.
    pub fn from_csv(path: impl AsRef<Path>) -> Result<Self> {
        let path = c_path(path)?;
        let none = std::ptr::null();
        // SAFETY: the text ends with NUL, NULL is allowed, and the out pointer is a local's.
        create(|out| unsafe {
            sys::oar_dataset_from_csv(path.as_ptr(), none, 0, std::ptr::null(), 0, std::ptr::null(), 0, out)
        })
        .map(Dataset)
    }

    /// The same with chosen columns, in this order, and another delimiter. Without a header they are all of the file.
    ///
    /// # Errors
    /// As for [`from_csv`](Dataset::from_csv); `NotFound` lists the columns that the file has; `Argument` for a type or
    /// delimiter that cannot be.
    pub fn from_csv_columns(
        path: impl AsRef<Path>,
        columns: &[(&str, CsvColumn)],
        delimiter: char,
        has_header: bool,
    ) -> Result<Self> {
        let (path, delimiter) = (c_path(path)?, c_text("the delimiter", delimiter.to_string())?);
        let names = Names::new(columns.iter().map(|column| column.0))?;
        let kinds: Vec<i32> = columns.iter().map(|column| column.1.code()).collect();
        let flags = if has_header { 0 } else { sys::OAR_CSV_NO_HEADER };
        // SAFETY: as above; as many names and kinds as is said.
        create(|out| unsafe {
            sys::oar_dataset_from_csv(
                path.as_ptr(),
                names.as_ptr(),
                names.len(),
                kinds.as_ptr(),
                kinds.len(),
                delimiter.as_ptr(),
                flags,
                out,
            )
        })
        .map(Dataset)
    }
}
