# shellcheck shell=bash disable=SC2034
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# rspamd, which writes no notices: bench/postfix measures beside it.

MTA_PACKAGES=(rspamd)
