/** Configs and features: AlterConfigs, IncrementalAlterConfigs, DescribeConfigs, UpdateFeatures. */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { alterConfigsRequest, alterConfigsResponse } from '../../protocol/messages/alter-configs.ts';
import { describeConfigsRequest, describeConfigsResponse } from '../../protocol/messages/describe-configs.ts';
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from '../../protocol/messages/incremental-alter-configs.ts';
import {
  type UpdateFeaturesRequest,
  updateFeaturesRequest,
  updateFeaturesResponse,
} from '../../protocol/messages/update-features.ts';
import { alterConfigs, incrementalAlterConfigs } from '../configs/alter-configs.ts';
import { featureUpdates, updateFeatures } from '../features/update-features.ts';
import type { ControllerDeps } from './deps.ts';
import { isForwarded } from './envelope.ts';

interface Resources {
  readonly resources: readonly { readonly resourceType: number; readonly resourceName: string }[];
}

function refuseAll(request: Resources, errorCode: number, errorMessage: string | null) {
  return {
    throttleTimeMs: 0,
    responses: request.resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage,
      resourceType,
      resourceName,
    })),
  };
}

function alterConfigsRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 33,
    name: 'AlterConfigs',
    request: alterConfigsRequest,
    response: alterConfigsResponse,
    minVersion: 0,
    maxVersion: 2,
    ordering: 'serial',
    handle: async (request, requestContext) => ({
      throttleTimeMs: 0,
      responses: await controller.submit('legacyAlterConfigs', (context) =>
        alterConfigs(context, request, isForwarded(requestContext)),
      ),
    }),
    errorResponse: refuseAll,
  });
}

function incrementalAlterConfigsRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 44,
    name: 'IncrementalAlterConfigs',
    request: incrementalAlterConfigsRequest,
    response: incrementalAlterConfigsResponse,
    minVersion: 0,
    maxVersion: 1,
    ordering: 'serial',
    handle: async (request, requestContext) => ({
      throttleTimeMs: 0,
      responses: await controller.submit('incrementalAlterConfigs', (context) =>
        incrementalAlterConfigs(context, request, isForwarded(requestContext)),
      ),
    }),
    errorResponse: refuseAll,
  });
}

function describeConfigsRow(describe: NonNullable<ControllerDeps['describeConfigs']>): ApiRow {
  return apiRow({
    apiKey: 32,
    name: 'DescribeConfigs',
    request: describeConfigsRequest,
    response: describeConfigsResponse,
    minVersion: 1,
    maxVersion: 4,
    ordering: 'serial',
    handle: describe,
    errorResponse: (request, errorCode, errorMessage) => ({
      throttleTimeMs: 0,
      results: request.resources.map(({ resourceType, resourceName }) => ({
        errorCode,
        errorMessage,
        resourceType,
        resourceName,
        configs: [],
      })),
    }),
  });
}

const FIRST_VERSION_WITHOUT_RESULTS = 2;

/** One error fails all: newer clients read it at the top, older ones at each feature. */
function featureAnswer(request: UpdateFeaturesRequest, apiVersion: number, error: KafkaError | null) {
  const results =
    apiVersion >= FIRST_VERSION_WITHOUT_RESULTS
      ? []
      : request.featureUpdates.map(({ feature }) => ({
          feature,
          errorCode: error?.code ?? ErrorCode.NONE,
          errorMessage: error?.message ?? null,
        }));
  return {
    throttleTimeMs: 0,
    errorCode: error?.code ?? ErrorCode.NONE,
    errorMessage: error?.message ?? null,
    results,
  };
}

function updateFeaturesRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 57,
    name: 'UpdateFeatures',
    request: updateFeaturesRequest,
    response: updateFeaturesResponse,
    minVersion: 0,
    maxVersion: 2,
    ordering: 'serial',
    handle: async (request, { apiVersion }) => {
      const updates = featureUpdates(request, apiVersion);
      try {
        const { kraftVersion } = await controller.submit('updateFeatures', (context) =>
          updateFeatures(context, updates, request.validateOnly),
        );
        if (kraftVersion !== null) await controller.upgradeKraftVersion(kraftVersion);
        return featureAnswer(request, apiVersion, null);
      } catch (error) {
        if (!(error instanceof KafkaError) || error.code !== ErrorCode.INVALID_UPDATE_VERSION) throw error;
        const message = `The update failed for all features since the following feature had an error: ${error.message}`;
        return featureAnswer(request, apiVersion, new KafkaError(error.code, message));
      }
    },
    errorResponse: (request, code, message, { apiVersion }) =>
      featureAnswer(request, apiVersion, new KafkaError(code, message ?? '')),
  });
}

export function configRows(deps: ControllerDeps): ApiRow[] {
  return [
    alterConfigsRow(deps),
    incrementalAlterConfigsRow(deps),
    updateFeaturesRow(deps),
    ...(deps.describeConfigs === null ? [] : [describeConfigsRow(deps.describeConfigs)]),
  ];
}
