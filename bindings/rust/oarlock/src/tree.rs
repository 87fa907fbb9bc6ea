//! Nested lists and maps of tensors and plain values: batches, model inputs and outputs.

use crate::error::{Error, ErrorKind, Result, check};
use crate::handle::{Handle, create, truth, value};
use crate::tensor::Tensor;
use crate::text::{c_text, read_text};
use crate::value::Value;
use oarlock_sys as sys;

/// What the library takes (`oar_tree_set`).
const LEVELS_MAX: usize = 64;

/// A nested structure of the library's: what loaders give and models take and give.
///
/// Paths such as `"loss"` or `"encoder.hidden.1"` name map keys and list indices; `""` is the whole. Tensors are
/// shared, the structure is copied. Convert with [`to_value`](Tree::to_value) and [`from_value`](Tree::from_value).
///
/// ```
/// # use oarlock::{Dtype, Tensor, Tree, Result};
/// # fn main() -> Result<()> {
/// let batch = Tree::from_tensors([("images", &Tensor::zeros(Dtype::Float32, &[2, 3])?)])?;
/// assert_eq!(batch.tensor("images")?.shape()?, [2, 3]);
/// # Ok(())
/// # }
/// ```
pub struct Tree(pub(crate) Handle<sys::oar_tree>);

impl Tree {
    /// An empty map. It keeps the order in which keys are set first.
    pub fn new_map() -> Result<Self> {
        // SAFETY: the out pointer is a local's; so in all calls of this file, and texts end with NUL.
        create(|out| unsafe { sys::oar_tree_create_map(out) }).map(Tree)
    }

    /// An empty list.
    pub fn new_list() -> Result<Self> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_tree_create_list(out) }).map(Tree)
    }

    /// A map of tensors, which are shared.
    pub fn from_tensors<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a Tensor)>) -> Result<Self> {
        let map = Tree::new_map()?;
        for (key, tensor) in tensors {
            map.set_tensor(key, tensor)?;
        }
        Ok(map)
    }

    /// The tree of a value; its tensors are shared.
    ///
    /// # Errors
    /// `Argument` beyond 64 levels, or for a key or text with a NUL.
    pub fn from_value(value: &Value) -> Result<Self> {
        Tree::from_value_within(value, LEVELS_MAX)
    }

    /// The same if it has no more levels than this: a value may be deeper than this thread's stack.
    fn from_value_within(value: &Value, levels: usize) -> Result<Self> {
        let Some(below) = levels.checked_sub(1) else {
            return Err(Error::argument("from_value", format!("a tree has at most {LEVELS_MAX} levels; the value has more")));
        };
        // SAFETY: as above.
        let made = match value {
            // SAFETY: as above.
            Value::None => create(|out| unsafe { sys::oar_tree_from_none(out) }),
            // SAFETY: as above.
            Value::Bool(flag) => create(|out| unsafe { sys::oar_tree_from_bool((*flag).into(), out) }),
            // SAFETY: as above.
            Value::Int(integer) => create(|out| unsafe { sys::oar_tree_from_int64(*integer, out) }),
            // SAFETY: as above.
            Value::Float(number) => create(|out| unsafe { sys::oar_tree_from_double(*number, out) }),
            // SAFETY: as above.
            Value::Tensor(tensor) => create(|out| unsafe { sys::oar_tree_from_tensor(tensor.as_raw(), out) }),
            Value::Text(text) => {
                let text = c_text("a tree's text", text.as_str())?;
                // SAFETY: as above.
                create(|out| unsafe { sys::oar_tree_from_string(text.as_ptr(), out) })
            }
            Value::List(items) => {
                let list = Tree::new_list()?;
                items.iter().try_for_each(|item| list.push_tree(&Tree::from_value_within(item, below)?))?;
                return Ok(list);
            }
            Value::Map(entries) => {
                let map = Tree::new_map()?;
                entries.iter().try_for_each(|(key, item)| map.set_tree(key, &Tree::from_value_within(item, below)?))?;
                return Ok(map);
            }
        };
        made.map(Tree)
    }

    /// The whole tree as a value; its tensors are shared.
    pub fn to_value(&self) -> Result<Value> {
        // SAFETY: as above; the handle is alive.
        let kind = value(|out| unsafe { sys::oar_tree_kind(self.as_raw(), std::ptr::null(), out) })?;
        Ok(match kind {
            sys::OAR_TREE_NONE => Value::None,
            sys::OAR_TREE_BOOL => Value::Bool(self.bool("")?),
            sys::OAR_TREE_INT => Value::Int(self.int("")?),
            sys::OAR_TREE_DOUBLE => Value::Float(self.float("")?),
            sys::OAR_TREE_STRING => Value::Text(self.text("")?),
            sys::OAR_TREE_TENSOR => Value::Tensor(self.tensor("")?),
            sys::OAR_TREE_LIST => Value::List((0..self.len()?).map(|index| self.at(index)?.to_value()).collect::<Result<_>>()?),
            sys::OAR_TREE_MAP => {
                let entries = self.keys()?.into_iter().enumerate();
                Value::Map(entries.map(|(index, key)| Ok((key, self.at(index)?.to_value()?))).collect::<Result<_>>()?)
            }
            other => return Err(Error::own(ErrorKind::Unsupported, "to_value", format!("tree kind {other} is not known"))),
        })
    }

    /// The number of entries of a list or map; 0 for anything else.
    pub fn len(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_tree_size(self.as_raw(), std::ptr::null(), out) }).map(|size: i64| size as usize)
    }

    /// Whether it is an empty list or map, or no list or map at all.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// The keys of a map, in the order in which they were set first.
    ///
    /// # Errors
    /// `Argument` for a list that is not empty.
    pub fn keys(&self) -> Result<Vec<String>> {
        // SAFETY: as above.
        let key = |index| read_text(|buf, len| unsafe { sys::oar_tree_key(self.as_raw(), index, buf, len) });
        (0..self.len()? as i64).map(key).collect()
    }

    /// The tensor at a path; it shares the tree's memory.
    ///
    /// # Errors
    /// `NotFound` if there is nothing at the path (the text says what there is), `Argument` if it is no tensor.
    pub fn tensor(&self, path: &str) -> Result<Tensor> {
        let path = c_text("the path", path)?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_tree_get_tensor(self.as_raw(), path.as_ptr(), out) }).map(Tensor)
    }

    /// What is at a path, as a value.
    ///
    /// # Errors
    /// `NotFound` as for [`tensor`](Tree::tensor).
    pub fn get(&self, path: &str) -> Result<Value> {
        self.subtree(path)?.to_value()
    }

    /// A copy of the part at a path; its tensors are shared.
    ///
    /// # Errors
    /// `NotFound` as for [`tensor`](Tree::tensor).
    pub fn subtree(&self, path: &str) -> Result<Tree> {
        let path = c_text("the path", path)?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_tree_get(self.as_raw(), path.as_ptr(), out) }).map(Tree)
    }

    /// A copy of one entry of a list or map, by its place; its tensors are shared.
    ///
    /// # Errors
    /// `Argument` if this is neither, or the index is out of range.
    pub fn at(&self, index: usize) -> Result<Tree> {
        let index = i64::try_from(index).unwrap_or(i64::MAX); // out of range, as the library will say
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_tree_at(self.as_raw(), index, out) }).map(Tree)
    }

    /// The number at a path: an integer, a float, a truth value, or a tensor of one element.
    ///
    /// # Errors
    /// `NotFound`, or `Argument` if it is no number.
    pub fn float(&self, path: &str) -> Result<f64> {
        let path = c_text("the path", path)?;
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_tree_get_double(self.as_raw(), path.as_ptr(), out) })
    }

    /// The integer at a path, exactly.
    ///
    /// # Errors
    /// `NotFound`, or `Argument` if it is no integer.
    pub fn int(&self, path: &str) -> Result<i64> {
        let path = c_text("the path", path)?;
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_tree_get_int64(self.as_raw(), path.as_ptr(), out) })
    }

    /// The truth value at a path.
    ///
    /// # Errors
    /// `NotFound`, or `Argument` if it is no truth value.
    pub fn bool(&self, path: &str) -> Result<bool> {
        let path = c_text("the path", path)?;
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_tree_get_bool(self.as_raw(), path.as_ptr(), out) })
    }

    /// The text at a path.
    ///
    /// # Errors
    /// `NotFound`, or `Argument` if it is no text.
    pub fn text(&self, path: &str) -> Result<String> {
        let path = c_text("the path", path)?;
        // SAFETY: as above.
        read_text(|buf, len| unsafe { sys::oar_tree_get_string(self.as_raw(), path.as_ptr(), buf, len) })
    }

    /// Gives a key of a map a value; what it had before is replaced.
    ///
    /// # Errors
    /// `Argument` if this is no map, or would be more than 64 deep.
    pub fn set(&self, key: &str, item: &Value) -> Result<()> {
        self.set_tree(key, &Tree::from_value(item)?)
    }

    fn set_tree(&self, key: &str, item: &Tree) -> Result<()> {
        let key = c_text("the key", key)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_tree_set(self.as_raw(), key.as_ptr(), item.as_raw()) })
    }

    /// Gives a key of a map a tensor, which is shared.
    ///
    /// # Errors
    /// `Argument` if this is no map.
    pub fn set_tensor(&self, key: &str, tensor: &Tensor) -> Result<()> {
        let key = c_text("the key", key)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_tree_set_tensor(self.as_raw(), key.as_ptr(), tensor.as_raw()) })
    }

    /// Puts a value at the end of a list.
    ///
    /// # Errors
    /// `Argument` if this is no list, or would be more than 64 deep.
    pub fn push(&self, item: &Value) -> Result<()> {
        self.push_tree(&Tree::from_value(item)?)
    }

    fn push_tree(&self, item: &Tree) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_tree_append(self.as_raw(), item.as_raw()) })
    }

    /// Puts a tensor, which is shared, at the end of a list.
    ///
    /// # Errors
    /// `Argument` if this is no list.
    pub fn push_tensor(&self, tensor: &Tensor) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_tree_append_tensor(self.as_raw(), tensor.as_raw()) })
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_tree {
        self.0.as_ptr()
    }
}
