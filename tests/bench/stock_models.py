"""The panel's tables as a stock Flask-AppBuilder application would map them: its own models, nothing of ours.

Money and quantities are plain numbers here: on SQLite, where the panel keeps whole cents, cents are what is shown.
"""

from flask_appbuilder import Model
from sqlalchemy import Boolean, Column, Date, DateTime, Enum, ForeignKey, Integer, Numeric, String, Text
from sqlalchemy.orm import relationship


def _choice(*values: str) -> Enum:
    return Enum(*values, native_enum=False, length=40)


class Customer(Model):
    __tablename__ = "customer"
    id = Column(Integer, primary_key=True)
    number = Column(String(40), unique=True)
    name = Column(String(200), nullable=False)
    kind = Column(_choice("person", "household", "firm"), nullable=False)
    phone = Column(String(40))
    email = Column(String(320))
    region = Column(String(200))
    lifetime_value = Column(Numeric(18, 6))
    income = Column(Numeric(18, 2))
    gender = Column(String(40))
    state = Column(String(40), nullable=False)
    version = Column(Integer, default=1)
    created_at = Column(DateTime)
    changed_at = Column(DateTime)

    def __repr__(self) -> str:
        return str(self.name)


class Product(Model):
    __tablename__ = "product"
    id = Column(Integer, primary_key=True)
    code = Column(String(40), unique=True)
    name = Column(String(200), nullable=False)
    line = Column(String(40), nullable=False)
    renewable = Column(Boolean, default=True)
    state = Column(String(40), nullable=False)
    version = Column(Integer, default=1)
    created_at = Column(DateTime)
    changed_at = Column(DateTime)

    def __repr__(self) -> str:
        return str(self.name)


class Contract(Model):
    __tablename__ = "contract"
    id = Column(Integer, primary_key=True)
    number = Column(String(40), unique=True)
    customer_id = Column(Integer, ForeignKey("customer.id"), nullable=False)
    customer = relationship("Customer")
    product_id = Column(Integer, ForeignKey("product.id"), nullable=False)
    product = relationship("Product")
    coverage = Column(String(200))
    starts_on = Column(Date, nullable=False)
    expires_on = Column(Date, nullable=False)
    billing = Column(_choice("single", "monthly", "quarterly", "annual"), nullable=False)
    instalment = Column(Numeric(18, 2), nullable=False)
    premium = Column(Numeric(18, 2), nullable=False)
    claims_amount = Column(Numeric(18, 6), default=0)
    channel = Column(_choice("agent", "branch", "call_centre", "web"))
    object_class = Column(String(200))
    object_size = Column(String(200))
    plate = Column(String(20))
    vin = Column(String(17))
    predecessor_id = Column(Integer, ForeignKey("contract.id"))
    paid_on = Column(Date)
    voided_on = Column(Date)
    cancelled_on = Column(Date)
    object_gone_on = Column(Date)
    declined_by_us = Column(Boolean, default=False)
    owner_id = Column(Integer)
    remark = Column(Text)
    state = Column(_choice("draft", "in_force", "renewed", "lapsed", "cancelled", "object_gone", "voided"))
    version = Column(Integer, default=1)
    created_at = Column(DateTime)
    changed_at = Column(DateTime)

    def __repr__(self) -> str:
        return str(self.number)


class Renewal(Model):
    __tablename__ = "renewal"
    id = Column(Integer, primary_key=True)
    number = Column(String(40), unique=True)
    contract_id = Column(Integer, ForeignKey("contract.id"), nullable=False)
    contract = relationship("Contract", foreign_keys=[contract_id])
    customer_id = Column(Integer, ForeignKey("customer.id"), nullable=False)
    expires_on = Column(Date, nullable=False)
    cohort = Column(String(7), nullable=False)
    premium = Column(Numeric(18, 2), nullable=False)
    channel = Column(String(40))
    difficulty = Column(Integer, default=0)
    owner_id = Column(Integer)
    successor_id = Column(Integer, ForeignKey("contract.id"))
    successor = relationship("Contract", foreign_keys=[successor_id])
    left_out = Column(String(40))
    state = Column(String(40), nullable=False)
    version = Column(Integer, default=1)
    created_at = Column(DateTime)
    changed_at = Column(DateTime)


class Notice(Model):
    __tablename__ = "notice"
    id = Column(Integer, primary_key=True)
    dedupe_key = Column(String(200), unique=True, nullable=False)
    channel = Column(String(20), nullable=False)
    user_id = Column(Integer)
    address = Column(String(320))
    subject = Column(String(300), nullable=False)
    body = Column(Text, nullable=False)
    record = Column(String(80))
    record_id = Column(Integer)
    created_at = Column(DateTime)
    state = Column(String(20), nullable=False)
    attempts = Column(Integer, default=0)


class Person(Model):
    __tablename__ = "person"
    id = Column(Integer, primary_key=True)
    number = Column(String(40))
    user_id = Column(Integer)
    unit_id = Column(Integer)
    post = Column(String(200))


class Contact(Model):
    __tablename__ = "contact"
    id = Column(Integer, primary_key=True)
    made_by_id = Column(Integer)
    contacted_on = Column(Date)
    intent = Column(String(40))


class Target(Model):
    __tablename__ = "target"
    id = Column(Integer, primary_key=True)
    owner_id = Column(Integer)
    month = Column(String(7))
    amount = Column(Numeric(18, 2))
    state = Column(String(40))


class Template(Model):
    __tablename__ = "appraisal_template"
    id = Column(Integer, primary_key=True)
    code = Column(String(40))
    role = Column(String(40))


class TemplateLine(Model):
    __tablename__ = "template_line"
    id = Column(Integer, primary_key=True)
    template_id = Column(Integer, ForeignKey("appraisal_template.id"))
    measure = Column(String(80))
    weight = Column(Numeric(9, 2))
    target = Column(Numeric(18, 6))
    direction = Column(String(40))


class Appraisal(Model):
    __tablename__ = "appraisal"
    id = Column(Integer, primary_key=True)
    number = Column(String(200))
    person_id = Column(Integer)
    template_id = Column(Integer)
    period = Column(String(40))
    score = Column(Numeric(9, 2))
    result = Column(Numeric(9, 2))
    rescaled = Column(Boolean)
    measured_share = Column(Numeric(9, 2))
    self_share = Column(Numeric(9, 2))
    supervisor_share = Column(Numeric(9, 2))
    owner_id = Column(Integer)
    unit_id = Column(Integer)
    state = Column(String(40))
    version = Column(Integer, default=1)
    created_at = Column(DateTime)
    changed_at = Column(DateTime)


class AppraisalLine(Model):
    __tablename__ = "appraisal_line"
    id = Column(Integer, primary_key=True)
    appraisal_id = Column(Integer, ForeignKey("appraisal.id"))
    measure = Column(String(80))
    label = Column(String(200))
    weight = Column(Numeric(9, 2))
    target = Column(Numeric(18, 6))
    direction = Column(String(40))
    numerator = Column(Numeric(18, 6))
    denominator = Column(Numeric(18, 6))
    actual = Column(Numeric(18, 6))
    score = Column(Numeric(9, 2))
    left_out = Column(Boolean)
    version = Column(Integer, default=1)
    created_at = Column(DateTime)
    changed_at = Column(DateTime)
