/** DescribeConfigs on the controller listener: this node's own configs, those of all brokers, topics and groups. */
import type { BrokerConfig } from '../../config/broker-config.ts';
import {
  type DescribeContext,
  type DescribedConfig,
  describeBrokerConfigs,
  describeClientMetricsConfigs,
  describeDefaultBrokerConfigs,
  describeGroupConfigs,
  describeTopicConfigs,
} from '../../config/describe-configs.ts';
import { ConfigResourceType, configsOf, type MetadataImage } from '../../metadata/image.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { DescribeConfigsRequest } from '../../protocol/messages/describe-configs.ts';
import type { Controller } from '../controller.ts';
import type { ControllerDeps } from './deps.ts';

type Resource = DescribeConfigsRequest['resources'][number];

const { TOPIC, BROKER, CLIENT_METRICS, GROUP } = ConfigResourceType;

function configsOfResource(
  image: MetadataImage,
  { resourceType, resourceName, configurationKeys }: Resource,
  context: DescribeContext,
): readonly DescribedConfig[] {
  const keys = configurationKeys === null || configurationKeys.length === 0 ? null : configurationKeys;
  const overrides = configsOf(image, resourceType, resourceName);
  switch (resourceType) {
    case TOPIC:
      if (image.topics.byName(resourceName) !== undefined) return describeTopicConfigs(overrides, keys, context);
      throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.');
    case BROKER:
      if (resourceName === '') return describeDefaultBrokerConfigs(keys, context);
      if (resourceName === String(context.config.nodeId)) return describeBrokerConfigs(keys, context);
      throw new KafkaError(
        ErrorCode.INVALID_REQUEST,
        `Unexpected broker id, expected ${context.config.nodeId} or empty string, but received ${resourceName}`,
      );
    case CLIENT_METRICS:
      return describeClientMetricsConfigs(overrides, keys, context);
    case GROUP:
      return describeGroupConfigs(overrides, keys, context);
    default:
      throw new KafkaError(ErrorCode.INVALID_REQUEST, `Unsupported resource type: ${resourceType}`);
  }
}

/** For `ControllerDeps.describeConfigs`. */
export function describeNodeConfigs(
  controller: Controller,
  config: BrokerConfig,
): NonNullable<ControllerDeps['describeConfigs']> {
  return (request) => {
    const image = controller.committedImage;
    const dynamic = { node: configsOf(image, BROKER, String(config.nodeId)), cluster: configsOf(image, BROKER, '') };
    const context = { config, dynamic, includeSynonyms: request.includeSynonyms };
    const results = request.resources.map((resource) => {
      const { resourceType, resourceName } = resource;
      try {
        const configs = configsOfResource(image, resource, context);
        return { errorCode: ErrorCode.NONE, errorMessage: '', resourceType, resourceName, configs };
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        return { errorCode: error.code, errorMessage: error.message, resourceType, resourceName, configs: [] };
      }
    });
    return { throttleTimeMs: 0, results };
  };
}
