/** `kts ready`: waits until a broker answers and knows its cluster; for scripts and health checks. Prints nothing. */
import { EXIT } from '../base/kts-error.ts';
import { Command } from '../console/command.ts';
import { CommandError, usageError } from '../console/command-error.ts';
import { connectAdmin } from '../console/connect.ts';
import { readyTable } from '../console/options/server.ts';
import { startProgress } from '../console/progress.ts';
import { parsePeriod } from '../console/time.ts';

export default class Ready extends Command<void> {
  static readonly table = readyTable;

  async run(): Promise<void> {
    const text = this.options.valueOrDefault('timeout') ?? '';
    const timeoutMs = parsePeriod(text);
    if (timeoutMs === undefined) throw usageError(`'${text}' is not a time`, 'for example --timeout 5s');
    const cluster = await connectAdmin(this.context, this.options, '--bootstrap-server must be specified', {
      apiTimeoutMs: timeoutMs,
      bootstrapPatienceMs: timeoutMs,
      requestTimeoutMs: Math.max(1, timeoutMs),
      connectTimeoutMs: Math.max(1, timeoutMs),
    });
    const spinner = startProgress(this.context, () => `waiting for a broker, ${text} at most`);
    try {
      const deadline = cluster.deadline(timeoutMs);
      for (let attempt = 0; ; attempt++) {
        await cluster.refresh([], { deadline });
        if (cluster.brokers.length > 0) return;
        if (deadline.passed) break;
        await cluster.pause(attempt, deadline);
      }
      throw new CommandError(`no broker was ready within ${text}`, {
        stage: 'run',
        exitCode: EXIT.unreachable,
        hint: 'the log of the node says why',
      });
    } finally {
      spinner.stop();
      cluster.close();
    }
  }

  render(): void {}
}
