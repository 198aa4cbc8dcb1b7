"""Contracts: cover in force, its renewal by a linked successor, its lapse."""

from models.contracts import jobs, settings
from models.contracts.contract import Contract
from models.contracts.contract_coverage import ContractCoverage
from models.contracts.instalment import Instalment
from models.contracts.insured_object import InsuredObject

__all__ = ["Contract", "ContractCoverage", "Instalment", "InsuredObject", "jobs", "settings"]
