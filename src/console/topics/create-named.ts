/** Topics that a node is to have from its start on. */
import { Admin } from '../../client/admin.ts';
import type { TopicToCreate } from '../../config/container-environment.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { CommandContext } from '../command.ts';
import { connect } from '../connect.ts';

/** A line for each: what became of it. Those that are there already are left as they are. */
export async function createNamedTopics(
  context: CommandContext,
  bootstrap: string,
  topics: readonly TopicToCreate[],
): Promise<string[]> {
  const admin = new Admin(connect(context, { bootstrap, clientId: 'kts' }));
  try {
    const asked = topics.map(({ cleanupPolicy, ...topic }) => ({
      ...topic,
      ...(cleanupPolicy === undefined ? {} : { configs: { 'cleanup.policy': cleanupPolicy } }),
    }));
    const outcomes = await admin.createTopics(asked);
    return [...outcomes].map(([name, error]) => {
      if (!(error instanceof KafkaError)) return `created topic ${name}`;
      const isThere = error.code === ErrorCode.TOPIC_ALREADY_EXISTS;
      return isThere ? `topic ${name} is there already` : `topic ${name} was not created: ${error.message}`;
    });
  } finally {
    await admin.close();
    admin.cluster.close();
  }
}
