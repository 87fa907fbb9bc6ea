//! Checkpoint directories, looked at without a model.

use crate::config::parse;
use crate::error::{Result, check};
use crate::handle::{Handle, create, value};
use crate::tensor::Tensor;
use crate::text::{c_path, c_text, read_path, read_text};
use oarlock_sys as sys;
use std::path::{Path, PathBuf};

/// A complete checkpoint that [`Accelerator::save`](crate::Accelerator::save) wrote.
pub struct Checkpoint(Handle<sys::oar_checkpoint>);

// SAFETY: a checkpoint is a mapped file that nobody writes, and may be called from any one thread at a time.
unsafe impl Send for Checkpoint {}

impl Checkpoint {
    /// The newest complete checkpoint below a directory.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn find_latest(directory: impl AsRef<Path>) -> Result<PathBuf> {
        let directory = c_path(directory)?;
        // SAFETY: handles are alive, texts end with NUL, buffers have their length, and out pointers are locals'; so in
        // all calls of this file.
        read_path(|buf, len| unsafe { sys::oar_checkpoint_find_latest(directory.as_ptr(), buf, len) })
    }

    /// Opens a checkpoint: reads its manifest and checks that its files are there.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` naming file and byte; `Version`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = c_path(path)?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_checkpoint_open(path.as_ptr(), out) }).map(Checkpoint)
    }

    /// Compares every file with its checksum and its format.
    ///
    /// # Errors
    /// `Corrupt` naming the first damaged file.
    pub fn verify(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_checkpoint_verify(self.as_raw()) })
    }

    /// The manifest.
    pub fn manifest(&self) -> Result<serde_json::Value> {
        // SAFETY: as above.
        parse(&read_text(|buf, len| unsafe { sys::oar_checkpoint_manifest(self.as_raw(), buf, len) })?)
    }

    /// The JSON that the program gave when it saved; null if it gave none.
    pub fn user_json(&self) -> Result<serde_json::Value> {
        // SAFETY: as above.
        parse(&read_text(|buf, len| unsafe { sys::oar_checkpoint_user_json(self.as_raw(), buf, len) })?)
    }

    /// The names of the model's tensors, in the order of the file.
    ///
    /// # Errors
    /// `NotFound` if the checkpoint holds no model.
    pub fn tensor_names(&self) -> Result<Vec<String>> {
        // SAFETY: as above.
        let count: i64 = value(|out| unsafe { sys::oar_checkpoint_num_tensors(self.as_raw(), out) })?;
        // SAFETY: as above.
        let name = |index| read_text(|buf, len| unsafe { sys::oar_checkpoint_tensor_name(self.as_raw(), index, buf, len) });
        (0..count).map(name).collect()
    }

    /// One tensor of the model: a read-only view of the mapped file, which it keeps.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`.
    pub fn tensor(&self, name: &str) -> Result<Tensor> {
        let name = c_text("the name", name)?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_checkpoint_tensor(self.as_raw(), name.as_ptr(), out) }).map(Tensor)
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_checkpoint {
        self.0.as_ptr()
    }
}
