/** Warnings of a library to the program around it: Node prints them to stderr, or hands them to whoever listens. */
export function emitWarning(message: string): void {
  process.emitWarning(message, 'KtsWarning');
}
