/** DescribeConfigs: topics, this broker, the default of all brokers, groups and client metrics subscriptions. */

import type { BrokerConfig } from '../../config/broker-config.ts';
import { usableConfigs } from '../../config/config-layers.ts';
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
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import {
  type DescribeConfigsRequest,
  describeConfigsRequest,
  describeConfigsResponse,
} from '../../protocol/messages/describe-configs.ts';
import type { BrokerServices } from '../services.ts';
import { describeLoggers } from './broker-loggers.ts';

type Resource = DescribeConfigsRequest['resources'][number];

const { TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP } = ConfigResourceType;

export function describeConfigsRow(services: BrokerServices, staticConfig: BrokerConfig): ApiRow {
  return apiRow({
    apiKey: 32,
    name: 'DescribeConfigs',
    request: describeConfigsRequest,
    response: describeConfigsResponse,
    minVersion: 1,
    maxVersion: 4,
    ordering: 'serial',
    handle: (request) => {
      const image = services.image();
      const context: DescribeContext = {
        config: staticConfig,
        dynamic: dynamicBrokerConfigs(image, services.nodeId),
        includeSynonyms: request.includeSynonyms,
      };
      return {
        throttleTimeMs: 0,
        results: request.resources.map((resource) => describeResource(services, image, resource, context)),
      };
    },
    errorResponse: (request, code, message) => ({
      throttleTimeMs: 0,
      results: request.resources.map((resource) => refusal(resource, code, message)),
    }),
  });
}

/** The dynamic configs of one broker, and those of all, as far as they can be used. */
export function dynamicBrokerConfigs(image: MetadataImage, nodeId: number) {
  return {
    node: usableConfigs(configsOf(image, BROKER, String(nodeId))),
    cluster: usableConfigs(configsOf(image, BROKER, '')),
  };
}

function describeResource(
  services: BrokerServices,
  image: MetadataImage,
  resource: Resource,
  context: DescribeContext,
) {
  try {
    const { resourceType, resourceName } = resource;
    const configs = configsOfResource(services, image, resource, context);
    return { errorCode: ErrorCode.NONE, errorMessage: '', resourceType, resourceName, configs };
  } catch (error) {
    if (error instanceof KafkaError) return refusal(resource, error.code, error.message);
    services.logger.error(`Error processing describe configs request for ${resource.resourceName}`, error);
    return refusal(resource, ErrorCode.UNKNOWN_SERVER_ERROR, null);
  }
}

function configsOfResource(
  services: BrokerServices,
  image: MetadataImage,
  resource: Resource,
  context: DescribeContext,
): readonly DescribedConfig[] {
  const { resourceType: type, resourceName: name, configurationKeys } = resource;
  const keys = configurationKeys === null || configurationKeys.length === 0 ? null : configurationKeys;
  switch (type) {
    case TOPIC:
      if (!image.topics.byName(name))
        throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.');
      return describeTopicConfigs(configsOf(image, TOPIC, name), keys, context);
    case BROKER:
      if (name === '') return describeDefaultBrokerConfigs(keys, context);
      checkBrokerName(services.nodeId, name);
      return describeBrokerConfigs(keys, context);
    case BROKER_LOGGER:
      checkBrokerName(services.nodeId, name);
      return describeLoggers(services.logger, keys);
    case CLIENT_METRICS:
      if (name === '')
        throw new KafkaError(ErrorCode.INVALID_REQUEST, 'Client metrics subscription name must not be empty');
      return describeClientMetricsConfigs(configsOf(image, CLIENT_METRICS, name), keys, context);
    case GROUP:
      if (name === '') throw new KafkaError(ErrorCode.INVALID_REQUEST, 'Group name must not be empty');
      return describeGroupConfigs(configsOf(image, GROUP, name), keys, context);
    default:
      throw new KafkaError(ErrorCode.INVALID_REQUEST, `Unsupported resource type: ${type}`);
  }
}

/** A broker speaks for itself only. */
export function checkBrokerName(nodeId: number, name: string): void {
  if (!/^-?\d+$/.test(name)) {
    throw new KafkaError(ErrorCode.INVALID_REQUEST, `Broker id must be an integer, but it is: ${name}`);
  }
  if (Number(name) !== nodeId) {
    throw new KafkaError(
      ErrorCode.INVALID_REQUEST,
      `Unexpected broker id, expected ${nodeId} or empty string, but received ${name}`,
    );
  }
}

function refusal(resource: Resource, errorCode: number, errorMessage: string | null) {
  const { resourceType, resourceName } = resource;
  return { errorCode, errorMessage, resourceType, resourceName, configs: [] };
}
