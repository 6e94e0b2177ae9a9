/** Carries out one change of the stack layer. */
import type { Change } from '../plan/change.ts';
import type { Progress } from '../plan/layer.ts';
import { readStatusCode } from '../remote/engine-call.ts';
import type { StackAction } from './action.ts';
import { type ApplyContext, refusal } from './apply-context.ts';
import { createConfig, createNetwork, createSecret, replaceNetwork, updateLabels } from './apply-objects.ts';
import { removeConfigOrSecret, removeNetwork, removeService, removeVolumes } from './apply-removal.ts';
import { recordRevision, removeRevisions } from './apply-revision.ts';
import {
  convergeExisting,
  createService,
  replaceService,
  restoreService,
  updateService,
} from './apply-service.ts';
import { describeTurnOver, turnOver } from './turn-over.ts';

/** Makes one change true, or throws a `UserError` that says why not. */
export async function applyStackChange(
  context: ApplyContext,
  change: Change<StackAction>,
  progress: Progress,
): Promise<void> {
  try {
    await carryOut(context, change, progress);
  } catch (error) {
    // What the engine answers is news of the cluster; anything else is a defect of ours and shown as one.
    if (readStatusCode(error) === undefined) throw error;
    throw refusal(change.title, error, 'run the same command again');
  }
}

async function carryOut(
  context: ApplyContext,
  change: Change<StackAction>,
  progress: Progress,
): Promise<void> {
  const { action } = change;
  switch (action.do) {
    case 'create-network':
      return createNetwork(context, action.network);
    case 'replace-network':
      return replaceNetwork(context, action, progress);
    case 'create-config':
      return createConfig(context, action);
    case 'create-secret':
      return createSecret(context, action);
    case 'update-labels':
      return updateLabels(context, action);
    case 'create-service':
      return createService(context, action, progress);
    case 'update-service':
      return updateService(context, action, change.fields, progress);
    case 'turn-over':
      return turnOver(context, describeTurnOver(context, action), progress);
    case 'replace-service':
      return replaceService(context, action, progress);
    case 'converge-service':
      return convergeExisting(context, action, progress);
    case 'remove-service':
      return removeService(context, action.id, action.name, progress);
    case 'remove-network':
      return removeNetwork(context, action.id, action.name, progress);
    case 'remove-config':
      return removeConfigOrSecret(context, 'config', action.id, action.name, progress);
    case 'remove-secret':
      return removeConfigOrSecret(context, 'secret', action.id, action.name, progress);
    case 'restore-service':
      return restoreService(context, action, progress);
    case 'record-revision':
      return recordRevision(context, action);
    case 'remove-revisions':
      return removeRevisions(context, action.ids);
    case 'remove-volumes':
      return removeVolumes(context, action.node, action.volumes, progress);
  }
}
