/** The ruler of the micro-benches: the best of several runs, in nanoseconds per call. */
export function measure(run: () => unknown, runs = 5): number {
  let calls = 1;
  for (let started = performance.now(); performance.now() - started < 60; ) {
    for (let i = 0; i < calls; i++) run();
    calls = Math.min(calls * 2, 1 << 16);
  }
  const once = time(run, 1);
  const perRun = Math.max(1, Math.round(4e7 / Math.max(once, 20)));
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) best = Math.min(best, time(run, perRun));
  return best;
}

function time(run: () => unknown, calls: number): number {
  const started = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) run();
  return Number(process.hrtime.bigint() - started) / calls;
}

export function row(name: string, ns: number): void {
  const figure = ns < 1000 ? `${ns.toFixed(1)} ns` : `${(ns / 1000).toFixed(1)} µs`;
  console.log(`${name.padEnd(60)}${figure.padStart(12)}`);
}
