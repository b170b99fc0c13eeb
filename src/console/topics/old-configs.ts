/** `topics --alter --config` and `--delete-config`, as they were while topics were altered in a ZooKeeper. */
import { Admin } from '../../client/admin.ts';
import { type ConfigChange, ResourceType } from '../../client/admin-configs.ts';
import type { CommandContext } from '../command.ts';
import { usageError } from '../command-error.ts';
import { connect } from '../connect.ts';

export interface OldConfigs {
  readonly bootstrap: string;
  readonly topic: string | undefined;
  /** KEY=VALUE each. */
  readonly set: readonly string[];
  readonly remove: readonly string[];
}

/** The line that the tool printed. */
export async function changeOldConfigs(context: CommandContext, asked: OldConfigs): Promise<string> {
  const { bootstrap, topic } = asked;
  if (topic === undefined)
    throw usageError('which topic?', 'name it with --topic', 'Missing required argument "[topic]"');
  const changes = changesOf(topic, asked);
  const admin = new Admin(connect(context, { bootstrap, clientId: 'adminclient-1' }));
  try {
    await admin.alterConfigs(changes);
  } finally {
    await admin.close();
    admin.cluster.close();
  }
  return `Updated config for topic ${topic}.`;
}

function changesOf(topic: string, { set, remove }: OldConfigs): ConfigChange[] {
  const resource = { type: ResourceType.topic, name: topic };
  const added = set.map((pair) => {
    const equals = pair.indexOf('=');
    if (equals > 0) {
      const [name, value] = [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
      return { resource, name, operation: 0 as const, value };
    }
    throw usageError(
      `--config takes key=value, not '${pair}'`,
      'for example --config retention.ms=60000',
      'requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".',
    );
  });
  return [...added, ...remove.map((name) => ({ resource, name: name.trim(), operation: 1 as const, value: null }))];
}
