// Needs a function that nobody has.
extern "C" int oarlock_nobody_has_this();

extern "C" __attribute__((visibility("default"))) int oarlock_call_it() { return oarlock_nobody_has_this(); }
