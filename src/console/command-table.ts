/** Every command by name, with the import that loads its file and nothing else. */
import type { CommandClass } from './command.ts';

type Load = () => Promise<{ readonly default: CommandClass }>;

export const COMMANDS: Readonly<Record<string, Load>> = {
  topics: () => import('../commands/topics.ts'),
  'console-producer': () => import('../commands/console-producer.ts'),
  'console-consumer': () => import('../commands/console-consumer.ts'),
  'consumer-groups': () => import('../commands/consumer-groups.ts'),
  configs: () => import('../commands/configs.ts'),
  'reassign-partitions': () => import('../commands/reassign-partitions.ts'),
  'leader-election': () => import('../commands/leader-election.ts'),
  acls: () => import('../commands/acls.ts'),
  cluster: () => import('../commands/cluster.ts'),
  storage: () => import('../commands/storage.ts'),
  'server-start': () => import('../commands/server-start.ts'),
  'server-stop': () => import('../commands/server-stop.ts'),
  ready: () => import('../commands/ready.ts'),
  profile: () => import('../commands/profile.ts'),
  completion: () => import('../commands/completion.ts'),
  shims: () => import('../commands/shims.ts'),
  jps: () => import('../commands/jps.ts'),
  'zookeeper-server-start': () => import('../commands/zookeeper-server-start.ts'),
  'zookeeper-server-stop': () => import('../commands/zookeeper-server-stop.ts'),
  'zk-server': () => import('../commands/zk-server.ts'),
  'zk-cli': () => import('../commands/zk-cli.ts'),
};
