/** `kts zookeeper-server-stop`: asks the controllers in ZooKeeper's place to stop, all that this user runs here. */
import { EXIT } from '../base/kts-error.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { CommandError } from '../console/command-error.ts';
import { ensembleMembers } from '../console/nodes/kts-processes.ts';
import { zookeeperServerStopTable } from '../console/options/zookeeper.ts';
import { ownProcesses, terminate } from '../runtime/node-children.ts';

export default class ZookeeperServerStop extends Command<readonly number[]> {
  static readonly table = zookeeperServerStopTable;

  static strictAnswer(error: CommandError): StrictAnswer {
    return { out: `${error.strictText}\n`, exitCode: 1 };
  }

  async run(): Promise<readonly number[]> {
    const stopped = ensembleMembers(ownProcesses()).filter(({ pid }) => terminate(pid));
    if (stopped.length > 0) return stopped.map(({ pid }) => pid);
    throw new CommandError("no controller in ZooKeeper's place runs here", {
      stage: 'run',
      exitCode: EXIT.notFound,
      strictText: 'No zookeeper server to stop',
      hint: 'kts zookeeper-server-start runs one',
    });
  }

  render(pids: readonly number[]): void {
    if (!this.strict) this.context.output.err(`kts: asked ${pids.join(', ')} to stop\n`);
  }
}
