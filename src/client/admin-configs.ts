/** Configs of topics, brokers and groups: described and changed. */

import { api } from '../network/api.ts';
import { describeConfigsRequest, describeConfigsResponse } from '../protocol/messages/describe-configs.ts';
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from '../protocol/messages/incremental-alter-configs.ts';
import { listConfigResourcesRequest, listConfigResourcesResponse } from '../protocol/messages/list-config-resources.ts';
import type { Deadline } from './backoff.ts';
import type { ClusterView } from './cluster-view.ts';
import { toKafkaError } from './error-text.ts';

const DESCRIBE_CONFIGS = api(describeConfigsRequest, describeConfigsResponse);
const INCREMENTAL_ALTER_CONFIGS = api(incrementalAlterConfigsRequest, incrementalAlterConfigsResponse);

const LIST_CONFIG_RESOURCES = api(listConfigResourcesRequest, listConfigResourcesResponse);

export const ResourceType = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const;
export type ResourceType = (typeof ResourceType)[keyof typeof ResourceType];

/** Where a value comes from. */
export const ConfigSource = {
  unknown: 0,
  topic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
  dynamicBrokerLogger: 6,
  clientMetrics: 7,
  group: 8,
} as const;

export interface Resource {
  readonly type: ResourceType;
  readonly name: string;
}

export interface ConfigEntry {
  readonly name: string;
  readonly value: string | null;
  readonly source: number;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: number }[];
}

export interface ResourceConfigs {
  readonly resource: Resource;
  readonly entries: readonly ConfigEntry[];
}

interface Asking {
  /** Whoever answers, for controllers, which answer for every broker. */
  readonly anyNode?: boolean;
}

/** A named broker's configs are asked from that broker. */
function nodeOf(resource: Resource, { anyNode }: Asking): number | 'any' {
  if (anyNode) return 'any';
  const single = resource.type === ResourceType.broker || resource.type === ResourceType.brokerLogger;
  return single && resource.name !== '' ? Number(resource.name) : 'any';
}

export async function describeConfigs(
  cluster: ClusterView,
  resources: readonly Resource[],
  options: Asking & { readonly synonyms?: boolean } = {},
): Promise<ResourceConfigs[]> {
  const byNode = new Map<number | 'any', Resource[]>();
  for (const resource of resources) {
    const node = nodeOf(resource, options);
    const list = byNode.get(node);
    if (list === undefined) byNode.set(node, [resource]);
    else list.push(resource);
  }
  const answers = await Promise.all([...byNode].map(([node, list]) => describeAt(cluster, node, list, options)));
  return answers.flat();
}

async function describeAt(
  cluster: ClusterView,
  node: number | 'any',
  resources: readonly Resource[],
  options: { readonly synonyms?: boolean },
): Promise<ResourceConfigs[]> {
  const response = await cluster.call(
    DESCRIBE_CONFIGS,
    {
      resources: resources.map((r) => ({ resourceType: r.type, resourceName: r.name, configurationKeys: null })),
      includeSynonyms: options.synonyms ?? false,
    },
    { node, doing: 'describeConfigs' },
  );
  return response.results.map((result) => {
    if (result.errorCode !== 0) throw toKafkaError(result.errorCode, result.errorMessage);
    return {
      resource: { type: result.resourceType as ResourceType, name: result.resourceName },
      entries: result.configs.map((c) => ({
        name: c.name,
        value: c.value,
        source: c.configSource,
        isReadOnly: c.readOnly,
        isSensitive: c.isSensitive,
        synonyms: c.synonyms,
      })),
    };
  });
}

export interface ConfigChange {
  readonly resource: Resource;
  readonly name: string;
  /** 0 set, 1 delete, 2 append, 3 subtract. */
  readonly operation: 0 | 1 | 2 | 3;
  readonly value: string | null;
}

export async function alterConfigs(
  cluster: ClusterView,
  changes: readonly ConfigChange[],
  options: Asking & { readonly validateOnly?: boolean; readonly deadline?: Deadline } = {},
): Promise<void> {
  const byResource = new Map<string, ConfigChange[]>();
  for (const change of changes) {
    const key = `${change.resource.type} ${change.resource.name}`;
    byResource.set(key, [...(byResource.get(key) ?? []), change]);
  }
  for (const list of byResource.values()) {
    const { resource } = list[0] as ConfigChange;
    const response = await cluster.call(
      INCREMENTAL_ALTER_CONFIGS,
      {
        resources: [
          {
            resourceType: resource.type,
            resourceName: resource.name,
            configs: list.map((c) => ({ name: c.name, configOperation: c.operation, value: c.value })),
          },
        ],
        validateOnly: options.validateOnly ?? false,
      },
      {
        node: nodeOf(resource, options),
        doing: 'incrementalAlterConfigs',
        ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
      },
    );
    for (const result of response.responses) {
      if (result.errorCode !== 0) throw toKafkaError(result.errorCode, result.errorMessage);
    }
  }
}

/** What has configs of its own; of these types, of all when none are named. */
export async function listConfigResources(
  cluster: ClusterView,
  types: readonly ResourceType[] = [],
): Promise<Resource[]> {
  const response = await cluster.call(LIST_CONFIG_RESOURCES, types.length === 0 ? {} : { resourceTypes: [...types] }, {
    doing: 'listConfigResources',
  });
  if (response.errorCode !== 0) throw toKafkaError(response.errorCode);
  return response.configResources.map(({ resourceName, resourceType }) => {
    return { type: resourceType as ResourceType, name: resourceName };
  });
}
