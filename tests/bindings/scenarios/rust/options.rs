//! Options and time-outs.

use crate::{Outcome, refused};
use oarlock::*;
use std::path::Path;
use std::time::{Duration, Instant};

pub fn config_unknown_key(_: &Path) -> Outcome {
    let config = Config::new()?;
    config.set("comm.timeout_ms", 5000)?;
    refused(ErrorKind::Argument, "comm.timeout_ms", config.merge(json!({"comm": {"timeout": 1}, "seed": 3})));
    refused(ErrorKind::Argument, "comm.timeout_ms", config.set("comm.timeout", 1));
    assert_eq!((config.get("comm.timeout_ms")?, config.get("seed")?), ("5000".into(), String::new()));
    Ok(())
}

pub fn config_values(_: &Path) -> Outcome {
    let config = Config::new()?;
    config.set("ddp.broadcast_buffers", false)?;
    config.set("seed", i64::MAX)?;
    config.set("ddp.bucket_cap_mb", 2.5)?;
    config.set("project_dir", "runs/\u{e9}t\u{e9}")?;
    config.set("comm", json!({"timeout_ms": 7000, "inline_bytes": 128}))?;
    config.merge(r#"{"checkpoint": {"total_limit": 3}}"#)?;
    for (key, value) in [
        ("ddp.broadcast_buffers", "false"),
        ("seed", "9223372036854775807"),
        ("ddp.bucket_cap_mb", "2.5"),
        ("project_dir", "runs/\u{e9}t\u{e9}"),
        ("comm.timeout_ms", "7000"),
        ("comm.inline_bytes", "128"),
        ("checkpoint.total_limit", "3"),
    ] {
        assert_eq!(config.get(key)?, value, "{key}");
    }
    assert_eq!((config.value("seed")?, config.value("ddp.bucket_cap_mb")?), (json!(i64::MAX), json!(2.5)));
    config.set("optimizer.betas", json!([0.5, 0.25]))?;
    assert_eq!((config.value("optimizer.betas")?, Config::new()?.value("seed")?), (json!([0.5, 0.25]), json!(null)));
    assert_eq!(config.try_clone()?.value("ddp.broadcast_buffers")?, false);
    let all = config.to_json()?;
    assert_eq!((&all["ddp.broadcast_buffers"], &all["ddp.bucket_cap_mb"]), (&json!(false), &json!(2.5)));
    refused(ErrorKind::Argument, "seed", config.set("seed", u64::MAX));
    Ok(())
}

/// No `Duration` is negative: the low level tells. A time-out of nothing is refused likewise.
pub fn time_out_refused(_: &Path) -> Outcome {
    let (state, before) = (State::new()?, Instant::now());
    refused(ErrorKind::Argument, "timeout_ms", state.barrier(Duration::ZERO));
    // SAFETY: the handle is alive.
    let (status, text) = unsafe {
        let status = sys::oar_state_barrier(state.as_raw(), -1);
        (status, std::ffi::CStr::from_ptr(sys::oar_last_error()).to_string_lossy().into_owned())
    };
    assert!(status == sys::OAR_E_ARGUMENT && text.contains("timeout_ms"), "{status} {text}");
    assert!(before.elapsed() < Duration::from_secs(1));
    state.barrier(None)?;
    state.close()?;
    Ok(())
}
