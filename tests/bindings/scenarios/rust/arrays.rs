//! Arrays of Rust and tensors: the same memory, whichever began it.

use crate::{Outcome, refused};
use oarlock::dlpack::*;
use oarlock::ndarray::{Array2, ShapeBuilder, array};
use oarlock::*;
use std::ffi::c_void;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub fn array_to_tensor(_: &Path) -> Outcome {
    let array = array![[1.0f32, 2.0, 3.0], [4.0, 5.0, 2.5]];
    let address = array.as_ptr();
    let tensor = Tensor::from_array(array)?;
    assert_eq!(tensor.data_ptr()?.cast_const().cast(), address);
    assert_eq!((tensor.shape()?, tensor.dtype()?), (vec![2, 3], Dtype::Float32));
    let cells = tensor.cells::<f32>()?;
    cells[[1, 2]].set(7.5); // the array's memory; the tensor sees it
    assert_eq!(tensor.to_vec::<f32>()?, [1.0, 2.0, 3.0, 4.0, 5.0, 7.5]);
    tensor.copy_from(&Tensor::zeros(Dtype::Float32, &[2, 3])?)?; // the tensor's writes; the array sees them
    assert!(cells.iter().all(|cell| cell.get() == 0.0));
    let tree = Tree::from_tensors([("x", &tensor)])?;
    drop(tensor); // the tree has the memory still
    assert_eq!(tree.tensor("x")?.cells::<f32>()?.as_ptr().cast(), address);
    Ok(())
}

pub fn tensor_to_array(_: &Path) -> Outcome {
    let tensor = Tensor::zeros(Dtype::Float32, &[1])?;
    let cells = tensor.cells::<f32>()?;
    assert_eq!((cells.as_ptr() as *mut c_void, cells[[0]].get()), (tensor.data_ptr()?, 0.0));
    cells[[0]].set(1.25);
    let again = tensor.contiguous()?; // another handle on the same memory
    assert_eq!((tensor.item()?, again.data_ptr()?), (1.25, tensor.data_ptr()?));
    drop(tensor);
    // SAFETY: nothing writes while the view lives.
    assert_eq!(unsafe { again.view::<f32>()? }[[0]], 1.25);
    Ok(())
}

pub fn column_major(_: &Path) -> Outcome {
    let columns = Array2::from_shape_fn((2, 3).f(), |(i, j)| 10.0 * (i + 1) as f64 + (j + 1) as f64);
    let (address, rows) = (columns.as_ptr(), columns.as_standard_layout().into_owned());
    let tensor = Tensor::from_array(columns)?;
    assert_eq!((tensor.strides()?, tensor.data_ptr()?.cast_const().cast()), (vec![1, 2], address));
    let copy = tensor.contiguous()?;
    assert_eq!(copy.strides()?, [3, 1]);
    assert_ne!(copy.data_ptr()?, tensor.data_ptr()?);
    assert_eq!(copy.to_vec::<f64>()?, [11.0, 12.0, 13.0, 21.0, 22.0, 23.0]);
    assert_eq!(tensor.to_array::<f64>()?, Tensor::from_array(rows)?.to_array::<f64>()?);
    Ok(())
}

pub fn array_refused(_: &Path) -> Outcome {
    let tensor = Tensor::from_vec(vec![1.0f32; 4], &[2, 2])?;
    refused(ErrorKind::Argument, "float32; float64 was asked for", tensor.cells::<f64>());
    refused(ErrorKind::Argument, "float32; int32 was asked for", tensor.to_vec::<i32>());
    refused(ErrorKind::Argument, "[2, 3]", Tensor::from_vec(vec![0i64; 4], &[2, 3]));
    let mut turned = array![[1i64, 2], [3, 4]];
    turned.invert_axis(oarlock::ndarray::Axis(0));
    refused(ErrorKind::Argument, "strides", Tensor::from_array(turned));

    let deleted = Arc::new(AtomicUsize::new(0));
    let mut producer = Producer::make(&deleted);
    producer.dl_tensor.dtype.bits = 128; // an element type that Oarlock lacks
    let managed = Producer::give(producer);
    // SAFETY: a DLPack tensor that is ours; a refused one stays so.
    refused(ErrorKind::Unsupported, "128", unsafe { Tensor::from_dlpack(managed) });
    // SAFETY: as above.
    let mut read_only = unsafe {
        (*managed).dl_tensor.dtype.bits = 32;
        (*managed).flags = DLPACK_FLAG_BITMASK_READ_ONLY;
        Tensor::from_dlpack(managed)?
    };
    assert!(read_only.is_read_only()?);
    refused(ErrorKind::Argument, "read-only", read_only.cells::<f32>());
    refused(ErrorKind::Argument, "read-only", read_only.copy_from(&tensor));
    // SAFETY: nothing else uses the memory, and no view is given.
    refused(ErrorKind::Argument, "read-only", unsafe { read_only.view_mut::<f32>() });
    assert_eq!(read_only.to_vec::<f32>()?, [0.0, 0.0, 0.0, 4.0]);

    let shared = array![[1.0f32, 2.0], [3.0, 4.0]].into_shared();
    let tensor = Tensor::from_shared_array(shared.clone())?;
    assert_eq!(tensor.data_ptr()?.cast_const().cast(), shared.as_ptr());
    refused(ErrorKind::Argument, "read-only", tensor.copy_from(&read_only));
    drop(tensor);
    assert!(shared.is_unique(), "the tensor's share is given back");
    Ok(())
}

/// A DLPack producer of 2 x 2 numbers that counts its deletions.
struct Producer {
    values: [f32; 4],
    shape: [i64; 2],
    deleted: Arc<AtomicUsize>,
}

impl Producer {
    fn make(deleted: &Arc<AtomicUsize>) -> Box<DLManagedTensorVersioned> {
        let producer =
            Box::into_raw(Box::new(Producer { values: [0.0, 0.0, 0.0, 4.0], shape: [2, 2], deleted: deleted.clone() }));
        // SAFETY: just made; the fields' addresses stay until `delete`.
        let (data, shape) = unsafe { ((&raw mut (*producer).values).cast(), (&raw mut (*producer).shape).cast()) };
        Box::new(DLManagedTensorVersioned {
            version: DLPackVersion { major: DLPACK_MAJOR_VERSION, minor: DLPACK_MINOR_VERSION },
            manager_ctx: producer.cast(),
            deleter: Some(Producer::delete),
            flags: 0,
            dl_tensor: DLTensor {
                data,
                device: DLDevice { device_type: KDL_CPU, device_id: 0 },
                ndim: 2,
                dtype: DLDataType { code: KDL_FLOAT, bits: 32, lanes: 1 },
                shape,
                strides: std::ptr::null_mut(), // row-major
                byte_offset: 0,
            },
        })
    }

    fn give(managed: Box<DLManagedTensorVersioned>) -> *mut DLManagedTensorVersioned {
        Box::into_raw(managed)
    }

    unsafe extern "C" fn delete(managed: *mut DLManagedTensorVersioned) {
        // SAFETY: both were boxes, and this runs once.
        let producer = unsafe { Box::from_raw(Box::from_raw(managed).manager_ctx.cast::<Producer>()) };
        producer.deleted.fetch_add(1, Ordering::SeqCst);
    }
}

pub fn dlpack_import(_: &Path) -> Outcome {
    let deleted = Arc::new(AtomicUsize::new(0));
    let mut producer = Producer::make(&deleted);
    let address = producer.dl_tensor.data;
    producer.version.major = 2;
    let managed = Producer::give(producer);
    // SAFETY: a DLPack tensor that is ours; a refused one stays so.
    refused(ErrorKind::Version, "2", unsafe { Tensor::from_dlpack(managed) });
    assert_eq!(deleted.load(Ordering::SeqCst), 0);
    // SAFETY: as above.
    let tensor = unsafe {
        (*managed).version.major = 1;
        Tensor::from_dlpack(managed)?
    };
    assert_eq!((tensor.data_ptr()?, tensor.shape()?), (address, vec![2, 2]));
    let tree = Tree::from_tensors([("x", &tensor)])?;
    drop(tensor);
    assert_eq!(deleted.load(Ordering::SeqCst), 0);
    drop(tree);
    assert_eq!(deleted.load(Ordering::SeqCst), 1);
    Ok(())
}

pub fn dlpack_export(_: &Path) -> Outcome {
    let columns = Array2::from_shape_fn((2, 3).f(), |(i, j)| (10 * i + j) as f64);
    let address = columns.as_ptr();
    let tensor = Tensor::from_array(columns)?;
    let given = tensor.to_dlpack()?;
    drop(tensor);
    let dl_tensor = &given.as_ref().dl_tensor;
    assert_eq!(dl_tensor.data.cast_const().wrapping_byte_add(dl_tensor.byte_offset as usize).cast(), address);
    assert_eq!(dl_tensor.dtype, DLDataType { code: KDL_FLOAT, bits: 64, lanes: 1 });
    assert_eq!((given.shape(), given.strides(), given.is_read_only()), (&[2, 3][..], &[1, 2][..], false));
    // SAFETY: the tensor is ours to give; nobody else writes to its memory.
    let back = unsafe { Tensor::from_dlpack(given.into_raw())? };
    assert_eq!(back.to_vec::<f64>()?, [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);

    let deleted = Arc::new(AtomicUsize::new(0));
    let mut producer = Producer::make(&deleted);
    producer.flags = DLPACK_FLAG_BITMASK_READ_ONLY;
    // SAFETY: as above.
    let given = unsafe { Tensor::from_dlpack(Producer::give(producer))? }.to_dlpack()?;
    assert!(given.is_read_only() && deleted.load(Ordering::SeqCst) == 0);
    drop(given);
    assert_eq!(deleted.load(Ordering::SeqCst), 1);
    Ok(())
}
