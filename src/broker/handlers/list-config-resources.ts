/** ListConfigResources (KIP-1142): the names of everything that has configs, by type. */
import { ConfigResourceType, configResourceOf, type MetadataImage } from '../../metadata/image.ts';
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import {
  listConfigResourcesRequest,
  listConfigResourcesResponse,
} from '../../protocol/messages/list-config-resources.ts';
import type { BrokerServices } from '../services.ts';

const { TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP } = ConfigResourceType;
const ALL_TYPES: readonly number[] = [TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP];

export function listConfigResourcesRow(services: BrokerServices): ApiRow {
  return apiRow({
    apiKey: 74,
    name: 'ListConfigResources',
    request: listConfigResourcesRequest,
    response: listConfigResourcesResponse,
    minVersion: 0,
    maxVersion: 1,
    ordering: 'serial',
    handle: (request, context) => {
      // v0 knew client metrics only.
      const asked = context.apiVersion === 0 ? [CLIENT_METRICS] : request.resourceTypes;
      const types = asked.length === 0 ? ALL_TYPES : [...new Set(asked)];
      if (types.some((type) => !ALL_TYPES.includes(type))) {
        return { throttleTimeMs: 0, errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] };
      }
      const image = services.image();
      const configResources = types.flatMap((resourceType) =>
        namesOf(image, resourceType).map((resourceName) => ({ resourceName, resourceType })),
      );
      return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, configResources };
    },
    errorResponse: (_request, code) => ({ throttleTimeMs: 0, errorCode: code, configResources: [] }),
  });
}

function namesOf(image: MetadataImage, type: number): string[] {
  if (type === TOPIC) return [...image.topics.names()];
  if (type === BROKER || type === BROKER_LOGGER) return [...image.brokers.keys()].map(String);
  const names: string[] = [];
  for (const key of image.configs.keys()) {
    const resource = configResourceOf(key);
    if (resource.type === type) names.push(resource.name);
  }
  return names;
}
