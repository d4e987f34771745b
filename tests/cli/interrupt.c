/* SPDX-FileCopyrightText: The Backstop authors */
/* SPDX-License-Identifier: BSD-2-Clause */

/* For LD_PRELOAD: ends the program at a call that changes files, or lets that fail. */
#include "../unit/interrupt.h"
