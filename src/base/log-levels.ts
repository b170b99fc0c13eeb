/**
 * The levels of a node's loggers, which may be changed while it runs (BROKER_LOGGER configs). A logger without a level of
 * its own has that of the nearest package above it, and at last the root's.
 */
export type LogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';

export const ROOT_LOGGER = 'root';
/** In Kafka's order of telling them. */
export const LOG_LEVELS: readonly LogLevel[] = ['DEBUG', 'ERROR', 'FATAL', 'INFO', 'TRACE', 'WARN'];

export class LogLevels {
  readonly #own = new Map<string, LogLevel>();
  readonly #names = new Set<string>();
  #root: LogLevel;

  constructor(root: LogLevel) {
    this.#root = root;
  }

  register(name: string): void {
    this.#names.add(name);
  }

  has(name: string): boolean {
    return name === ROOT_LOGGER || this.#names.has(name);
  }

  levelOf(name: string): LogLevel {
    if (this.#own.size === 0) return this.#root;
    for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
      const level = this.#own.get(name.slice(0, end));
      if (level !== undefined) return level;
    }
    return this.#root;
  }

  set(name: string, level: LogLevel): void {
    if (name === ROOT_LOGGER) this.#root = level;
    else this.#own.set(name, level);
  }

  /** The logger has its package's level again. */
  unset(name: string): void {
    this.#own.delete(name);
  }

  /** Every logger there has been, by name, with the level that applies to it. */
  all(): (readonly [name: string, level: LogLevel])[] {
    const names = [...this.#names].sort();
    return [[ROOT_LOGGER, this.#root], ...names.map((name) => [name, this.levelOf(name)] as const)];
  }
}
