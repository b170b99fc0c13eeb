/** Replays a recorded run of Kafka's tool against a broker, in the strict manner, and says where they differ. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { runTool } from '../support/run-tool.ts';
import {
  compareLines,
  type Difference,
  expectedErrors,
  linesOf,
  type Substitutions,
  substitute,
  type TranscriptCase,
} from '../support/transcripts.ts';

export interface ReplayDifference {
  readonly exitCode?: { readonly expected: number; readonly actual: number };
  readonly stdout?: Difference;
  readonly stderr?: Difference;
}

/** Lines that Kafka's tool writes through its log; it lands on stderr in an installation, and is compared apart. */
const LOG_LINE = /^(?:ERROR|WARN) /;

function stderrDifference(test: TranscriptCase, actual: string, values: Substitutions): Difference | undefined {
  const expected = expectedErrors(test.stderr);
  const usageOnly = expected.length === 0 && test.stderr.some((line) => /^<(?:USAGE|DESCRIPTION)/.test(line));
  // stdout has the error already; what stderr adds is its stack trace.
  const saidOnStdout = test.stdout.some((line) => /^(?:Error: |Error while )/.test(line));
  if (usageOnly || saidOnStdout) return undefined;
  const lines = linesOf(actual).filter((line) => test.log.length === 0 || !LOG_LINE.test(line));
  return compareLines(expected, lines, values, true);
}

export async function replay(test: TranscriptCase, values: Substitutions): Promise<ReplayDifference | undefined> {
  for (const [name, content] of test.files) {
    const path = substitute(name, values);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, substitute(content, values));
  }
  const stdin = Buffer.from(substitute(test.stdin.toString('latin1'), values), 'latin1');
  const argv = test.argv.map((word) => substitute(word, values));
  const run = await runTool(argv, { manner: 'strict', stdin });
  const stdout = compareLines(test.stdout, linesOf(run.stdout), values, true);
  const stderr = stderrDifference(test, run.stderr, values);
  const exitCode = run.exitCode === test.exitCode ? undefined : { expected: test.exitCode, actual: run.exitCode };
  if (stdout === undefined && stderr === undefined && exitCode === undefined) return undefined;
  return {
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
  };
}
