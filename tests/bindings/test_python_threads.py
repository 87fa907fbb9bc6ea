"""Threads, signals, forks and the end of the interpreter: the GIL is let go of where a call waits, and nothing deadlocks or crashes."""
import signal

import pytest
from python_program import output, program, two_ranks

WAITS = {  # a call of rank 0 that waits until rank 1 comes
    "barrier": "state.barrier()",
    "group barrier": "state.group.barrier()",
    "all_reduce": "state.group.all_reduce(numpy.ones(2))",
    "work": "work = state.group.all_reduce(numpy.ones(2), async_op=True); work.wait(60)",
    "bytes": "state.group.all_gather_bytes(b'x')",
    "should_stop": "state.should_stop()",
}
TICKING = """
    import numpy, oarlock, threading, time
    from pathlib import Path
    state, ticked = oarlock.State(), threading.Event()
    calling = False
    def tick():
        while not calling:
            time.sleep(0.001)
        begun = time.monotonic()
        for _ in range(200):  # each needs the GIL, and all together far longer than it takes to begin the call
            time.sleep(0.001)
        print("seconds", time.monotonic() - begun)
        ticked.set()
    def call():
        {call}
    if state.rank == 0:
        threading.Thread(target=tick).start()
        calling = True
        call()
        print("ticked" if ticked.is_set() else "held")
    else:
        input()  # the test says when
        call()
    state.close()
"""


@pytest.mark.parametrize("call", WAITS)
def test_other_threads_run_while_a_call_waits(call):
    """Rank 1 comes only once rank 0's other thread has ticked: a call that held the GIL would wait for ever. One that waits in slices
    of 250 ms, and holds it in each, would take most of a minute; 50 ms per tick is the bound."""
    world = two_ranks(TICKING.format(call=WAITS[call]).replace("ticked.set()", "ticked.set(); print('all ticks', flush=True)"))
    world.wait_for_output(0, "all ticks")
    world.tell(1, "go\n")
    lines = world.finish(timeout=60)[0].stdout.splitlines()
    assert lines[-1] == "ticked" and float(lines[0].removeprefix("seconds ")) < 200 * 0.05


def test_ctrl_c_ends_the_wait_for_a_work_and_the_state_can_be_closed():
    world = two_ranks("""
        import numpy, oarlock
        state = oarlock.State()
        if state.rank == 0:
            work = state.group.all_reduce(numpy.ones(1), async_op=True)
            try:
                print("waiting", flush=True)
                work.wait()
            except KeyboardInterrupt:
                print("interrupted", work.is_done)
            state.close()
        else:
            input()
    """)
    world.wait_for_output(0, "waiting")
    world.processes[0].send_signal(signal.SIGINT)
    world.wait_for_output(0, "interrupted", timeout=30)
    world.tell(1, "go\n")
    assert "interrupted False" in world.finish(timeout=60)[0].stdout


@pytest.mark.parametrize("timeout", ["None", "30"])
def test_a_work_that_ends_between_two_slices_of_the_wait_is_no_time_out(timeout):
    lines = output(f"""
        import numpy, oarlock, oarlock._state as inside
        real, slices = inside.work_wait, []
        def late(work, milliseconds):
            slices.append(milliseconds)
            if len(slices) == 1:
                real(work, milliseconds)  # done, and yet
                raise oarlock.TimedOut("not done yet")
            return real(work, milliseconds)
        inside.work_wait = late
        work = oarlock.State().group.all_reduce(numpy.ones(1), async_op=True)
        work.wait({timeout})
        print(len(slices))
    """)
    assert lines == ["2"]


def test_ctrl_c_during_a_barrier_is_seen_when_it_returns():
    world = two_ranks("""
        import oarlock
        state = oarlock.State()
        if state.rank == 1:
            input()
            try:
                state.barrier()
            except oarlock.PeerLost:
                pass  # rank 0 was interrupted before it came to its barrier
            state.close()
        else:
            try:
                print("waiting", flush=True)
                state.barrier()
                print("not seen")
            except KeyboardInterrupt:
                print("seen")
            state.close()
    """)
    world.wait_for_output(0, "waiting")
    world.processes[0].send_signal(signal.SIGINT)
    world.tell(1, "go\n")
    assert world.finish(timeout=60)[0].stdout.split() == ["waiting", "seen"]


AT_EXIT = {
    "threads that make and drop objects": """
        import numpy, oarlock, threading
        begun = threading.Barrier(4)
        def work():
            begun.wait()
            while True:
                oarlock.as_tensor(numpy.zeros(1000)).tolist()
        for _ in range(3):
            threading.Thread(target=work, daemon=True).start()
        begun.wait()
    """,
    "threads inside a log callback": """
        import logging, oarlock, tempfile, threading
        from pathlib import Path
        folder = Path(tempfile.mkdtemp())
        (folder / "checkpoint_1").mkdir()
        logging.getLogger("oarlock").addHandler(logging.NullHandler())
        begun = threading.Barrier(4)
        def work():
            begun.wait()
            while True:
                try:
                    oarlock.Checkpoint.latest(folder)
                except oarlock.NotFound:
                    pass
        for _ in range(3):
            threading.Thread(target=work, daemon=True).start()
        begun.wait()
    """,
    "a loader with busy workers": """
        import numpy, oarlock
        loader = oarlock.Loader(oarlock.Dataset({"x": numpy.arange(100000.0)}), batch_size=7, num_workers=2, prefetch=4)
        batch = next(iter(loader))
    """,
    "an open state, callbacks and views in the module": """
        import numpy, oarlock
        state = oarlock.State()
        state.on_print(lambda line: state.rank)
        state.print("x")
        view = numpy.asarray(oarlock.zeros(5))
        tensor = oarlock.as_tensor(view)
        progress = oarlock.Progress(state, "x", 10, on_line=print)
    """,
    "objects in a cycle that never was collected": """
        import gc, oarlock
        gc.disable()
        class Holder: pass
        holder = Holder()
        holder.state, holder.self = oarlock.State(), holder
        holder.state.on_print(lambda line: holder)
        del holder
    """,
}


@pytest.mark.parametrize("case", AT_EXIT)
def test_the_interpreter_ends_in_good_order_with(case):
    """Messages that come once Python has no ear any more go where they go without it: to standard error."""
    for _ in range(3):
        run = program(AT_EXIT[case], "-X", "dev")
        assert [line for line in run.stderr.splitlines() if not line.startswith("oarlock warning: checkpoint:")] == []


def test_cycles_through_objects_of_python_are_collected():
    lines = output("""
        import gc, oarlock, weakref
        class Holder: pass
        alive = []
        for _ in range(100):
            holder = Holder()
            holder.tensor, holder.tree, holder.self = oarlock.zeros(2), oarlock.Tree({"a": 1}), holder
            alive += [weakref.ref(holder), weakref.ref(holder.tensor), weakref.ref(holder.tree)]
        del holder
        gc.collect()
        print(sum(reference() is not None for reference in alive))
    """)
    assert lines == ["0"]


def test_a_forked_child_gets_an_error_and_ends_well():
    lines = output("""
        import gc, multiprocessing, numpy, oarlock
        state, tensor = oarlock.State(), oarlock.as_tensor(numpy.zeros(5))
        loader = oarlock.Loader(oarlock.Dataset({"x": numpy.arange(64.0)}), batch_size=2, num_workers=2)
        next(iter(loader))
        def child(queue):
            global state, tensor, loader
            try:
                queue.put(state.rank)
            except oarlock.Forked as error:
                queue.put(error.name)
            del state, tensor, loader
            gc.collect()
        context = multiprocessing.get_context("fork")
        queue = context.Queue()
        process = context.Process(target=child, args=(queue,))
        process.start()
        print(queue.get(timeout=60))
        process.join(60)
        print(process.exitcode, state.rank)
    """)
    assert lines == ["FORKED", "0 0"]


def test_a_child_forked_before_the_first_use_can_use_the_library():
    lines = output("""
        import multiprocessing, oarlock
        def child(queue):
            with oarlock.State() as state:
                queue.put(state.world_size)
        context = multiprocessing.get_context("fork")
        queue = context.Queue()
        process = context.Process(target=child, args=(queue,))
        process.start()
        print(queue.get(timeout=60))
        process.join(60)
        print(process.exitcode)
    """)
    assert lines == ["1", "0"]


def test_a_second_interpreter_is_refused_and_the_first_lives():
    lines = output("""
        import _xxsubinterpreters as interpreters, oarlock
        other = interpreters.create()
        try:
            interpreters.run_string(other, "import oarlock; oarlock.State")
        except interpreters.RunFailedError as error:
            print(error)
        interpreters.destroy(other)
        print(oarlock.State().rank)
    """)
    assert "ImportError" in lines[0] and "second interpreter" in lines[0] and lines[1] == "0"


def test_two_threads_in_one_object_are_told_with_armor_on():
    """The second thread comes while the first waits inside a print callback of the state."""
    lines = output("""
        import oarlock, threading
        state = oarlock.State()
        def called(line):
            other = threading.Thread(target=second)
            other.start()
            other.join()
        def second():
            try:
                state.seed(1)
            except oarlock.InvalidState as error:
                print(error)
        state.on_print(called)
        state.print("x")
    """, OARLOCK_ARMOR=1)
    assert len(lines) == 1 and "another thread" in lines[0]
