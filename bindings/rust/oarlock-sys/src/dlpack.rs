//! The structs of DLPack 1.x, as `dlpack.h` of version 1.3 lays them out: how libraries hand tensors to each other.

use core::ffi::c_void;

/// Version of a DLPack tensor. Another major number means another layout of everything behind it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DLPackVersion {
    /// 1 for the structs of this module.
    pub major: u32,
    /// Minor numbers only add flags and types.
    pub minor: u32,
}

/// Where memory lies.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DLDevice {
    /// One of the `KDL_*` device numbers; [`KDL_CPU`] for memory of the host.
    pub device_type: i32,
    /// Number of the device among those of its type; 0 for the host.
    pub device_id: i32,
}

/// Type of an element.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DLDataType {
    /// One of the `KDL_*` type numbers: [`KDL_INT`], [`KDL_FLOAT`] ...
    pub code: u8,
    /// Size of a lane in bits.
    pub bits: u8,
    /// 1, but for vector types.
    pub lanes: u16,
}

/// Memory with a shape and an element type; owns nothing.
#[repr(C)]
#[derive(Debug)]
pub struct DLTensor {
    /// Start of the memory; the first element is `byte_offset` behind it.
    pub data: *mut c_void,
    /// Where the memory lies.
    pub device: DLDevice,
    /// Number of dimensions.
    pub ndim: i32,
    /// Type of the elements.
    pub dtype: DLDataType,
    /// `ndim` sizes.
    pub shape: *mut i64,
    /// `ndim` strides in elements; NULL is row-major.
    pub strides: *mut i64,
    /// Bytes from `data` to the first element.
    pub byte_offset: u64,
}

/// A tensor that one library gives to another, with the way to end it.
#[repr(C)]
#[derive(Debug)]
pub struct DLManagedTensorVersioned {
    /// Layout of what follows.
    pub version: DLPackVersion,
    /// The producer's own.
    pub manager_ctx: *mut c_void,
    /// Ends the tensor; the receiver calls it once, on any thread.
    pub deleter: Option<unsafe extern "C" fn(*mut DLManagedTensorVersioned)>,
    /// [`DLPACK_FLAG_BITMASK_READ_ONLY`] and others.
    pub flags: u64,
    /// The memory.
    pub dl_tensor: DLTensor,
}

/// Major number of the structs of this module.
pub const DLPACK_MAJOR_VERSION: u32 = 1;
/// Minor number that they were written after.
pub const DLPACK_MINOR_VERSION: u32 = 3;
/// Memory of the host.
pub const KDL_CPU: i32 = 1;
/// Signed integers.
pub const KDL_INT: u8 = 0;
/// Unsigned integers.
pub const KDL_UINT: u8 = 1;
/// IEEE floating point.
pub const KDL_FLOAT: u8 = 2;
/// Booleans of one byte.
pub const KDL_BOOL: u8 = 6;
/// The receiver must not write.
pub const DLPACK_FLAG_BITMASK_READ_ONLY: u64 = 1;
