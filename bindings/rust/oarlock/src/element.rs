//! Element types: Oarlock's, and which Rust types they are.

use oarlock_sys as sys;
use std::ffi::CStr;
use std::fmt;

macro_rules! dtypes {
    ($($dtype:ident = $code:ident;)*) => {
        /// Type of a tensor's elements.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[allow(missing_docs)] // their names say it
        pub enum Dtype {
            $($dtype,)*
        }

        impl Dtype {
            /// The number of the C interface (`OAR_FLOAT32` ...).
            pub fn code(self) -> i32 {
                match self {
                    $(Dtype::$dtype => sys::$code,)*
                }
            }

            /// The type that has this number in the C interface.
            pub fn from_code(code: i32) -> Option<Self> {
                match code {
                    $(sys::$code => Some(Dtype::$dtype),)*
                    _ => None,
                }
            }

            /// The usual name, as in torch and numpy: `"float32"`.
            pub fn name(self) -> &'static str {
                // SAFETY: takes any number, and gives static text.
                unsafe { CStr::from_ptr(sys::oar_dtype_name(self.code())) }.to_str().unwrap_or("an unknown element type")
            }

            /// Bytes of one element.
            pub fn size(self) -> usize {
                let mut size = 0;
                // SAFETY: the out pointer is a local's. It fails for unknown numbers only.
                unsafe { sys::oar_dtype_size(self.code(), &mut size) };
                size
            }
        }
    };
}

dtypes! {
    Bool = OAR_BOOL;
    Uint8 = OAR_UINT8;
    Int8 = OAR_INT8;
    Int16 = OAR_INT16;
    Int32 = OAR_INT32;
    Int64 = OAR_INT64;
    Float16 = OAR_FLOAT16;
    Bfloat16 = OAR_BFLOAT16;
    Float32 = OAR_FLOAT32;
    Float64 = OAR_FLOAT64;
    Uint16 = OAR_UINT16;
    Uint32 = OAR_UINT32;
    Uint64 = OAR_UINT64;
    Complex64 = OAR_COMPLEX64;
    Complex128 = OAR_COMPLEX128;
    Float8E4m3fn = OAR_FLOAT8_E4M3FN;
    Float8E5m2 = OAR_FLOAT8_E5M2;
}

impl fmt::Display for Dtype {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A Rust type whose values are elements of a tensor: the integers, `f32`, `f64`, and `bool`.
///
/// # Safety
/// Values lie in memory as the element type `DTYPE` says, and any bytes of its size are a value of `Memory`.
pub unsafe trait Element: sealed::Sealed + Copy + Send + Sync + 'static {
    /// Its element type.
    const DTYPE: Dtype;
    /// What elements are read as: the type itself where all bit patterns are values of it.
    #[doc(hidden)]
    type Memory: Plain;
    #[doc(hidden)]
    fn from_memory(memory: Self::Memory) -> Self;
}

/// An element type of which every bit pattern is a value, so that memory may be viewed as it: all but `bool`.
///
/// # Safety
/// No bytes of its size are invalid.
pub unsafe trait Plain: Element<Memory = Self> {}

macro_rules! plain {
    ($($rust:ty = $dtype:ident;)*) => {$(
        impl sealed::Sealed for $rust {}
        // SAFETY: the type and Oarlock's element type are laid out alike, and any bytes are a number.
        unsafe impl Element for $rust {
            const DTYPE: Dtype = Dtype::$dtype;
            type Memory = Self;
            #[inline]
            fn from_memory(memory: Self) -> Self {
                memory
            }
        }
        // SAFETY: any bytes are a number.
        unsafe impl Plain for $rust {}
    )*};
}

plain! {
    u8 = Uint8; u16 = Uint16; u32 = Uint32; u64 = Uint64;
    i8 = Int8; i16 = Int16; i32 = Int32; i64 = Int64;
    f32 = Float32; f64 = Float64;
}

impl sealed::Sealed for bool {}
// SAFETY: a bool is a byte of 0 or 1, as Oarlock's are; reading takes any byte, since files may hold others.
unsafe impl Element for bool {
    const DTYPE: Dtype = Dtype::Bool;
    type Memory = u8;
    #[inline]
    fn from_memory(memory: u8) -> Self {
        memory != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_interface_is_a_type() {
        for code in 1..=17 {
            assert_eq!(Dtype::from_code(code).map(Dtype::code), Some(code));
        }
        assert_eq!(Dtype::from_code(18), None);
    }

    #[test]
    fn rust_types_have_the_size_of_theirs() {
        fn size_is_right<T: Element>() -> bool {
            size_of::<T>() == T::DTYPE.size() && size_of::<T::Memory>() == T::DTYPE.size()
        }
        assert!(size_is_right::<u8>() && size_is_right::<i16>() && size_is_right::<u32>() && size_is_right::<i64>());
        assert!(size_is_right::<f32>() && size_is_right::<f64>() && size_is_right::<bool>());
    }
}
