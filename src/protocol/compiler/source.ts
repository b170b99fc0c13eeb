/** Lines of generated source, with fresh names. Names of the form letter + number are never used by the helpers. */
export class Source {
  readonly #lines: string[] = [];
  #indent = '';
  #names = 0;

  line(text: string): void {
    this.#lines.push(this.#indent + text);
  }

  /** `head` opens a brace; what `body` adds is inside. */
  block(head: string, body: () => void): void {
    this.line(`${head} {`);
    const outer = this.#indent;
    this.#indent += '  ';
    body();
    this.#indent = outer;
    this.line('}');
  }

  name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  text(): string {
    return this.#lines.join('\n');
  }
}

/** `p + 4`, or `p` alone. */
export function at(offset: number): string {
  return offset === 0 ? 'p' : `p + ${offset}`;
}

export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** A name for stack traces and profiles. */
export function functionName(verb: string, path: string, version: number): string {
  return `${verb}${path.replace(/\W/g, '')}V${version}`;
}
