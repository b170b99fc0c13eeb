/**
 * What may differ between two runs of the same tool: ids, times, ports, folders, measured numbers, the padding of
 * columns that follows from them, stack traces. Everything else must not.
 */
import type { Outcome } from './tool-script.ts';

export interface Surroundings {
  readonly bootstrap: string;
  readonly controller: string;
  readonly data: string;
  readonly directory: string;
}

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  // Our machine's own: one virtual machine runs all tools, and counts its clients.
  [/\badminclient-\d+/g, 'adminclient-<N>'],
  [/\bproducer-\d+\b/g, 'producer-<N>'],
  [/\b(console-consumer|perf-consumer)-\d+\b/g, '$1-<N>'],
  [/\bconsumer-([\w.<>-]+?)-\d+\b/g, 'consumer-$1-<N>'],
  [/^\[\d{4}-\d\d-\d\d [\d:,]+\] (?=[A-Z]+ )/gm, ''],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<UUID36>'],
  [/(TopicId: |topicId=|topic id |ClusterId: +|Cluster ID: |DirectoryId: )[\w-]{22}/gi, '$1<UUID>'],
  [/("topicId":")[\w-]{22}"/g, '$1<UUID>"'],
  [/\b(correlation id|correlationId=)( ?)\d+/g, '$1$2<N>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,:]\d+)?(Z|[+-]\d\d:?\d\d)?/g, '<TIME>'],
  [/\b1[789]\d{11}\b/g, '<TS>'],
  [/\b(after|within|for) \d+ ?ms\b/g, '$1 <N> ms'],
];

function withoutTraces(text: string): string {
  const lines = text.split('\n').filter((line) => !/^\t+(at |\.\.\. \d+ )|^\s*\[CIRCULAR/.test(line));
  return lines.filter((line, index) => line !== lines[index - 1] || !/^(WARN|ERROR)/.test(line)).join('\n');
}

/** The tool's own help text after a mistake says nothing of the node. */
function withoutUsage(text: string): string {
  return text.replace(/^Option {2,}.*(\n[\s\S]*)?$/m, '<USAGE>\n');
}

function narrow(text: string): string {
  return text.replace(/ +/g, ' ').replace(/-{5,}/g, '-----').replace(/ +$/gm, '');
}

function normaliseText(text: string, around: Surroundings, one: ReadonlyMap<string, string>): string {
  let result = withoutUsage(text)
    .replaceAll(around.bootstrap, '<BOOTSTRAP>')
    .replaceAll(around.controller, '<CONTROLLER>')
    .replaceAll(around.bootstrap.split(':')[1]!, '<BOOTSTRAP_PORT>')
    .replaceAll(around.controller.split(':')[1]!, '<CONTROLLER_PORT>')
    .replaceAll(around.data, '<DATA>')
    .replaceAll(around.directory, '<DIR>');
  for (const [pattern, replacement] of REPLACEMENTS) result = result.replace(pattern, replacement);
  result = narrow(withoutTraces(result));
  if (one.has('only')) result = onlyLines(result, new RegExp(one.get('only')!));
  if (one.has('measured')) result = result.replace(/-?\b\d+([.,]\d+)*(E-?\d+)?\b/g, '<N>').replace(/NaN/g, '<N>');
  if (one.has('mask')) result = result.replace(new RegExp(one.get('mask')!, 'gm'), '<MASKED>');
  if (one.has('sorted')) result = sortLines(result);
  return result;
}

function onlyLines(text: string, pattern: RegExp): string {
  const lines = text.split('\n').filter((line) => pattern.test(line));
  return lines.map((line) => `${line}\n`).join('');
}

function sortLines(text: string): string {
  const whole = text.endsWith('\n');
  const lines = (whole ? text.slice(0, -1) : text).split('\n').sort();
  return lines.join('\n') + (whole ? '\n' : '');
}

export function normalise(outcome: Outcome, around: Surroundings, fields: ReadonlyMap<string, string>): Outcome {
  return {
    code: outcome.code,
    stdout: normaliseText(outcome.stdout, around, fields),
    stderr: normaliseText(outcome.stderr, around, fields),
  };
}
