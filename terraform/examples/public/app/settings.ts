import { defineSettings } from '#framework';

export const settings = defineSettings({});
