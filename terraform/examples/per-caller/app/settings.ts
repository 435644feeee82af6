import * as z from 'zod';
import { defineSettings } from '#framework';

export const settings = defineSettings({
  NOTES_TABLE: z.string().describe('DynamoDB table of the notes, with the partition key tenant.'),
});
