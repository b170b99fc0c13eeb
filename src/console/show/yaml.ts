/** YAML of plain data: lists, maps, texts, numbers, true, false and null. Texts that could be read as anything else are quoted. */

const PLAIN = /^[A-Za-z_/][\w ./@+-]*$/;
const WORDS = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value ?? null);
  const plain = PLAIN.test(value) && !WORDS.test(value) && !value.endsWith(' ');
  return plain ? value : JSON.stringify(value);
}

function isLeaf(value: unknown): boolean {
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0;
}

function leaf(value: unknown): string {
  if (Array.isArray(value)) return '[]';
  return typeof value === 'object' && value !== null ? '{}' : scalar(value);
}

/** Lists of plain values stay on one line. */
function isShortList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'number');
}

function lines(value: unknown): string[] {
  if (isLeaf(value)) return [leaf(value)];
  if (isShortList(value)) return [`[${value.map(scalar).join(', ')}]`];
  if (Array.isArray(value)) {
    return value.flatMap((entry) => lines(entry).map((line, i) => `${i === 0 ? '- ' : '  '}${line}`));
  }
  return Object.entries(value as Record<string, unknown>).flatMap(([key, entry]) => {
    const below = lines(entry);
    if (isLeaf(entry) || isShortList(entry)) return [`${scalar(key)}: ${below[0]}`];
    return [`${scalar(key)}:`, ...below.map((line) => `  ${line}`)];
  });
}

export function yamlText(value: unknown): string {
  return `${lines(value).join('\n')}\n`;
}
