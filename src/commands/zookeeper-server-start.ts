/** `kts zookeeper-server-start`: a controller from a ZooKeeper's own file. */
import type { Logger } from '../base/logger.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import { usageError } from '../console/command-error.ts';
import { ENSEMBLE_CLASS } from '../console/java-classes.ts';
import type { ToolTable } from '../console/options/table.ts';
import { zookeeperServerStartTable } from '../console/options/zookeeper.ts';
import { nodeProcesses } from '../runtime/processes.ts';
import ServerStart from './server-start.ts';

const USAGE = 'USAGE: zookeeper-server-start.sh [-daemon] zookeeper.properties';

export default class ZookeeperServerStart extends ServerStart {
  static override readonly table: ToolTable = zookeeperServerStartTable;
  protected override readonly nodeClass = ENSEMBLE_CLASS;
  protected override readonly outputName = 'zookeeper.out';
  protected override readonly logName = 'zookeeper.log';

  override async run(): Promise<void> {
    // Without a file there is nothing to stand in for.
    if (this.options.words.length === 0) throw usageError('which file?', 'name a zoo.cfg', USAGE);
    await super.run();
  }

  protected override async nodeConfig(
    file: string,
    overrides: ReadonlyMap<string, string>,
    logger: Logger,
  ): Promise<BrokerConfig> {
    const { prepareEnsembleMember } = await import('../server/zookeeper-era.ts');
    return prepareEnsembleMember(
      { path: file, overrides, hostname: nodeProcesses.hostname },
      this.context.runtime,
      logger,
    );
  }

  protected override async noteOf(path: string): Promise<string> {
    const { readZooConfig } = await import('../config/zoo-config.ts');
    return readZooConfig({ path, hostname: nodeProcesses.hostname }, this.context.runtime.files).note;
  }
}
